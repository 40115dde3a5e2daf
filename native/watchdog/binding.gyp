# The hardware timer that resets a box that stopped working; see index.ts.
{
  'targets': [{
    'target_name': 'watchdog',
    'includes': ['../common/addon.gypi'],
    'sources': ['binding.cc', 'logic.cc'],
  }],
}
