# What every addon's binding.gyp includes: compiler flags and the shared sources, so that an addon lists only its own files.
# Format: GYP (https://gyp.gsrc.io/docs/InputFormatReference.md) as read by node-gyp, whose addon.gypi adds Node's headers.
# Node's and nan's headers come in as system headers: -Werror is for our code. Node 24's headers need C++20.
# scripts/native.ts sets `source_root` and `nan_root`; no path of the building machine may show up in the result.
{
  'sources': ['error.cc', 'binding.cc'],
  'cflags': [
    '-fvisibility=hidden', '-fno-record-gcc-switches', '-fno-canonical-system-headers',
    '-ffile-prefix-map=<(source_root)=.', '-ffile-prefix-map=<(nan_root)=nan', '-ffile-prefix-map=<(node_root_dir)=node',
  ],
  'cflags_cc': [
    '-std=gnu++20', '-Wall', '-Wextra', '-Werror', '-fmax-errors=5',
    '-isystem', '<(nan_root)', '-isystem', '<(node_root_dir)/include/node',
  ],
  'ldflags': ['-Wl,--build-id=none', '-Wl,-z,relro,-z,now', '-Wl,--no-undefined-version'],
}
