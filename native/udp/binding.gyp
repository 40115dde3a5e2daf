# Datagrams on one interface only, the carrier of heartbeat's bcast, ucast and mcast media; see index.ts.
{
  'targets': [{
    'target_name': 'udp',
    'includes': ['../common/addon.gypi'],
    'sources': ['binding.cc', 'logic.cc', '../common/poll.cc', '../common/watched.cc'],
  }],
}
