#include "server/grpc/reflection_option.h"

#include <utility>
#include <vector>

#include "grpcpp/ext/proto_server_reflection_plugin.h"

namespace plumbline::grpc_server {
namespace {

class ReflectionOption : public grpc::ServerBuilderOption {
 public:
  explicit ReflectionOption(bool enabled) : enabled_(enabled) {}

  void UpdateArguments(grpc::ChannelArguments*) override {}

  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    auto reflection = std::make_unique<grpc::reflection::ProtoServerReflectionPlugin>();
    std::erase_if(*plugins, [&reflection](const auto& plugin) {
      return plugin->name() == reflection->name();
    });
    if (enabled_) {
      plugins->push_back(std::move(reflection));
    }
  }

 private:
  const bool enabled_;
};

}  // namespace

std::unique_ptr<grpc::ServerBuilderOption> MakeReflectionOption(bool enabled) {
  return std::make_unique<ReflectionOption>(enabled);
}

}  // namespace plumbline::grpc_server
