# ICMP echo to ping nodes, IPv4 and IPv6; see index.ts.
{
  'targets': [{
    'target_name': 'icmp',
    'includes': ['../common/addon.gypi'],
    'sources': ['binding.cc', 'logic.cc', '../common/poll.cc', '../common/watched.cc'],
  }],
}
