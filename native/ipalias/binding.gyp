# Addresses, links, routes and their changes by rtnetlink; what it offers is in index.ts. Flags and shared sources:
# ../common/addon.gypi.
{
  'targets': [{
    'target_name': 'ipalias',
    'includes': ['../common/addon.gypi'],
    'sources': [
      'binding.cc', 'logic.cc', 'address.cc', 'link.cc', 'route.cc', '../common/netlink.cc', '../common/poll.cc', '../common/watched.cc',
    ],
  }],
}
