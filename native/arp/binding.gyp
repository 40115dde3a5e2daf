# Gratuitous ARP and the watch for rivals; what it offers is in index.ts. Flags and shared sources: ../common/addon.gypi.
{
  'targets': [{
    'target_name': 'arp',
    'includes': ['../common/addon.gypi'],
    'sources': ['binding.cc', 'logic.cc', '../common/poll.cc', '../common/watched.cc'],
  }],
}
