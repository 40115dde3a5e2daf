# Modem lines, locks and pseudo-terminals beside the serialport package; see index.ts.
{
  'targets': [{
    'target_name': 'serial',
    'includes': ['../common/addon.gypi'],
    'sources': ['binding.cc', 'logic.cc'],
  }],
}
