// fgetpwent(3) and fgetgrent(3) read one file and ask no name service, unlike getpwnam(3).

#include "user.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <grp.h>
#include <memory>
#include <optional>
#include <pwd.h>

namespace pulsebox::child {

namespace {

using File = std::unique_ptr<FILE, int (*)(FILE *)>;

/** The greatest uid_t means "leave it as it is" to setresuid(2). */
constexpr uid_t greatest_id = static_cast<uid_t>(-2);

/** Longer than any line of the two files that a person has written. */
constexpr size_t longest_line = 64 * 1024;

struct Entry {
  std::string name;
  uid_t uid;
  gid_t gid;
};

std::optional<uid_t> to_number(const std::string &text) {
  uid_t number = 0;
  const char *end = text.data() + text.size();
  const auto [stopped, trouble] = std::from_chars(text.data(), end, number);
  if (trouble != std::errc() || stopped != end || number > greatest_id)
    return std::nullopt;
  return number;
}

std::optional<Entry> find_entry(const std::string &user, std::optional<uid_t> number) {
  const File file(fopen("/etc/passwd", "re"), fclose);
  if (!file)
    return std::nullopt;
  std::vector<char> line(longest_line);
  passwd entry;
  passwd *found = nullptr;
  while (fgetpwent_r(file.get(), &entry, line.data(), line.size(), &found) == 0)
    if (number ? entry.pw_uid == *number : user == entry.pw_name)
      return Entry{entry.pw_name, entry.pw_uid, entry.pw_gid};
  return std::nullopt;
}

std::vector<gid_t> groups_of(const Entry &user) {
  std::vector<gid_t> groups{user.gid};
  const File file(fopen("/etc/group", "re"), fclose);
  if (!file)
    return groups;
  std::vector<char> line(longest_line);
  group entry;
  group *found = nullptr;
  while (fgetgrent_r(file.get(), &entry, line.data(), line.size(), &found) == 0)
    for (char **member = entry.gr_mem; *member != nullptr; member++)
      if (user.name == *member && std::find(groups.begin(), groups.end(), entry.gr_gid) == groups.end())
        groups.push_back(entry.gr_gid);
  return groups;
}

} // namespace

Result<Identity> find_user(const std::string &user, const std::string &attempted) {
  const auto number = to_number(user);
  const auto entry = find_entry(user, number);
  if (entry)
    return Identity{entry->uid, entry->gid, groups_of(*entry)};
  if (number)
    return Identity{*number, *number, {*number}};
  return Error{EINVAL, attempted, "/etc/passwd has no user \"" + user + "\""};
}

} // namespace pulsebox::child
