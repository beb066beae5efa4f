// Which of several implementations computes what: measured once, and remembered in the user's cache.
#pragma once

#include <map>
#include <string>

namespace resnet {

class Choices {
 public:
  using Map = std::map<std::string, std::string>;

  /// `given` goes before the cache, $XDG_CACHE_HOME/resnet/choices.txt (else under ~/.cache), which is read as far as it was
  /// measured on this processor with these instruction sets, threads and kernels; anything else in it is ignored.
  explicit Choices(Map given);

  /// The name chosen for a key; empty where none is known.
  std::string find(const std::string& key);
  /// Remembers what was measured.
  void add(const std::string& key, const std::string& name);
  /// All that was found or added, by key.
  const Map& used() const { return used_; }
  /// Writes what is new to the cache; one that cannot be written is no error.
  void save() const;

 private:
  Map given_, cache_, used_;
  bool changed_ = false;
};

}  // namespace resnet
