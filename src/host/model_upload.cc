#include "host/model_upload.h"

#include <thread>

#include "base/json_out.h"
#include "host/model_files.h"
#include "host/problem.h"

namespace quintet::host {

namespace {

constexpr std::string_view kBytesType = "application/octet-stream";
using SharedExchange = std::shared_ptr<Exchange>;

void refuse(Exchange& exchange, Error error) {
  // A limit of the file, not of the moment.
  if (error.code() == Code::exhausted) error = std::move(error).with_id("too_long");
  exchange.respond(problem_response(error, exchange.request()));
}

// The whole body, then `done`.
class Collector final : public BodyReader {
 public:
  Collector(SharedExchange exchange, std::function<void(std::string)> done)
      : exchange_(std::move(exchange)), done_(std::move(done)) {}

  void on_body(std::string_view piece) override {
    if (bytes_.size() + piece.size() > learn::kMaxModelBytes) {
      refuse(*exchange_, exhausted("the model file exceeds 256 MiB"));
      return;
    }
    bytes_ += piece;
    exchange_->resume();
  }
  void on_end() override { done_(std::move(bytes_)); }
  void on_abort(const Error& why) override { refuse(*exchange_, why); }

 private:
  SharedExchange exchange_;
  std::function<void(std::string)> done_;
  std::string bytes_;
};

// One file on its way into the registry; the way is free for another once it is answered.
class Upload {
 public:
  Upload(SharedExchange asked, std::shared_ptr<bool> way)
      : exchange(std::move(asked)), busy_(std::move(way)) {
    *busy_ = true;
  }
  ~Upload() { end(); }
  Upload(const Upload&) = delete;
  Upload& operator=(const Upload&) = delete;

  void refuse_it(Error error) {
    end();
    refuse(*exchange, std::move(error));
  }
  void respond(HttpResponse response) {
    end();
    exchange->respond(std::move(response));
  }
  const app::ModelSpec& model_spec() const { return spec->models[static_cast<std::size_t>(model)]; }

  SharedExchange exchange;
  std::shared_ptr<const app::Spec> spec;
  int model = 0;
  ModelFile file;
  std::optional<Error> failed;
  Place::Brought checked;

 private:
  void end() {
    if (busy_) *busy_ = false;
    busy_.reset();
  }
  std::shared_ptr<bool> busy_;
};
using SharedUpload = std::shared_ptr<Upload>;

class UploadHandler final : public Handler {
 public:
  explicit UploadHandler(Node& node) : node_(node) {}
  ~UploadHandler() override {
    if (thread_.joinable()) thread_.join();
  }

  BodyMode body_mode(const HttpRequest&) const override { return BodyMode::stream; }

  void handle(SharedExchange exchange) override {
    auto upload = prepare(exchange);
    if (!upload) return refuse(*exchange, std::move(upload).error());
    Exchange& asked = *exchange;
    asked.read_body(std::make_shared<Collector>(
        std::move(exchange), [this, upload = *std::move(upload)](std::string bytes) {
          upload->file.bytes = std::move(bytes);
          check_aside(upload);
        }));
  }

 private:
  Expected<SharedUpload> prepare(const SharedExchange& exchange) {
    if (node_.registry() == nullptr) return place_is_away();
    const HttpRequest& request = exchange->request();
    const std::string name(request.param("name"));
    std::shared_ptr<const app::Spec> spec;
    for (AppVersion v = 1; auto one = node_.registry()->spec_of(v); ++v) {
      if (one.get() == &node_.registry()->spec()) spec = std::move(one);
    }
    const auto model = std::find_if(spec->models.begin(), spec->models.end(),
                                    [&](const auto& m) { return m.name == name; });
    if (model == spec->models.end()) return not_found("there is no model \"" + name + "\"");
    if (request.content_type() != kBytesType) {
      return invalid("a model file is sent as Content-Type: application/octet-stream")
          .with_id("unsupported_media_type");
    }
    if (*busy_) return conflict("another model file is being read; one at a time");
    const auto upload = std::make_shared<Upload>(exchange, busy_);
    upload->spec = spec;
    upload->model = model->index;
    upload->file.name = request.query_value("file").value_or("of a request");
    upload->file.sha256 = request.query_value("sha256").value_or("");
    return upload;
  }

  // On a thread, since it waits for a process.
  void check_aside(const SharedUpload& upload) {
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread([this, upload, alive = std::weak_ptr<bool>(busy_)]() mutable {
      const std::string directory = node_.data_directory + "/import/" + upload->model_spec().name;
      if (auto checked = check_model_file(upload->model_spec(), std::move(upload->file), directory);
          checked) {
        upload->checked = *std::move(checked);
      } else {
        upload->failed = std::move(checked).error();
      }
      // The exchange belongs to the loop: it must not be dropped here.
      node_.loop.post([this, upload = std::move(upload), alive = std::move(alive)] {
        if (!alive.expired()) add_to_registry(upload);
      });
    });
  }

  void add_to_registry(const SharedUpload& upload) {
    if (!upload->failed && node_.registry() == nullptr) upload->failed = place_is_away();
    if (upload->failed) return upload->refuse_it(*upload->failed);
    upload->checked.entry.created_at = node_.clock.wall();
    node_.registry()->add_model({upload->checked.entry, upload->checked.model, true},
                                [this, upload, alive = std::weak_ptr<bool>(busy_)](
                                    Expected<RegistryRole::Registered> added) {
                                  if (alive.expired()) return;
                                  if (!added) return upload->refuse_it(std::move(added).error());
                                  answer(*upload, *added);
                                });
  }

  void answer(Upload& upload, const RegistryRole::Registered& done) {
    const std::string& name = upload.model_spec().name;
    const std::string version = std::to_string(done.version);
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("model", name).key("version").uint64(done.version);
    json.field("digest", upload.checked.entry.digest);
    json.key("registered").boolean(done.fresh).end_object();
    upload.respond(json_response(done.fresh ? 201 : 200, out)
                       .with("Location", "/v1/models/" + name + "/versions/" + version));
  }

  Node& node_;
  std::shared_ptr<bool> busy_ = std::make_shared<bool>(false);
  std::thread thread_;
};

}  // namespace

void add_model_upload(Router& router, Node& node) {
  router.add({"POST", "/v1/models/{name}/versions", Scope::operate,
              std::make_shared<UploadHandler>(node)});
}

}  // namespace quintet::host
