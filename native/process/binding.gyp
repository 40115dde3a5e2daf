# What PID 1 and the deciding process ask of the kernel; see index.ts.
{
  'targets': [{
    'target_name': 'process',
    'includes': ['../common/addon.gypi'],
    'sources': ['binding.cc', 'logic.cc', 'loop.cc', 'memory.cc', 'mount.cc'],
  }],
}
