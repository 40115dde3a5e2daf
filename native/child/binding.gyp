# Programs of others, started without holding up the event loop; see index.ts.
{
  'targets': [{
    'target_name': 'child',
    'includes': ['../common/addon.gypi'],
    'sources': ['binding.cc', 'logic.cc', 'user.cc', '../common/poll.cc', '../common/watched.cc'],
  }],
}
