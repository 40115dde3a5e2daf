// An addon as another Node's compiler settings would make it: it registers itself when it is opened, with a
// module version that no Node since 2021 takes (struct node_module of node.h).

struct node_module {
  int version;
  unsigned flags;
  void *handle;
  const char *file;
  void *register_function, *register_context_function;
  const char *name;
  void *private_data;
  struct node_module *next;
};

void node_module_register(void *module);

static struct node_module module = {.version = 100, .file = __FILE_NAME__, .name = "foreign"};

__attribute__((constructor)) static void register_module(void) {
  node_module_register(&module);
}
