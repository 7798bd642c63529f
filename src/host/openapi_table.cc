#include "host/openapi_table.h"

namespace quintet::host {

namespace {

constexpr Operation kAll[] = {
    {"GET", "/v1/application", "application", "The application file in force.", "", "",
     "200:application/yaml=Object"},
    {"POST", "/v1/events", "send",
     "Sends one event (JSON), or a stream of them (NDJSON, CSV): each is answered once it is "
     "durable, in order; a bad line of a stream is refused by itself. Quoted cells of CSV may hold "
     "line ends: a record is then named by the line where it begins.",
     "event:EventName",
     "application/json=Event application/x-ndjson=Text text/csv=Text "
     "application/cloudevents+json=CloudEvent application/cloudevents-batch+json=CloudEvents",
     "200:application/json=Answer 200:application/x-ndjson=Text 202:application/json=Accepted",
     "Prefer:string Idempotency-Key:string Quintet-Session:SessionName Quintet-Number:Number "
     "Quintet-Answered:Number"},
    {"GET", "/v1/sessions/{name}", "session",
     "How far an ordered session has come: the number of its last event that had its answer.", "",
     "", "200:application/json=Session"},
    {"GET", "/v1/results", "results",
     "Results in order of position, a page at a time; with `labels` each with "
     "its labels, seen from now or from another time.",
     "from:Number limit:PageLimit event:EventName decision:DecisionFilter format:LinesFormat "
     "labels:string",
     "", "200:application/json=Results 200:application/x-ndjson=Text"},
    {"GET", "/v1/results/stream", "resultStream",
     "Results as they become durable, as server-sent events; resumable by Last-Event-ID.",
     "from:Number event:EventName decision:DecisionFilter", "", "200:text/event-stream=Text",
     "Last-Event-ID:string"},
    {"GET", "/v1/results/{id}", "result",
     "The result of an event by its id, or by its position as @POSITION; with its labels as they "
     "are known now.",
     "event:EventName", "", "200:application/json=Result"},
    {"POST", "/v1/features", "featuresOfEvent",
     "The row that this event would have now; nothing is stored.", "event:EventName",
     "application/json=Event", "200:application/json=Result"},
    {"GET", "/v1/features/{event}", "features",
     "The row that an event with these fields would have now; a field is a parameter: NAME=VALUE. "
     "Nothing is stored.",
     "", "", "200:application/json=Result"},
    {"GET", "/v1/views", "views", "The application's views.", "", "", "200:application/json=Views"},
    {"GET", "/v1/views/{name}", "view",
     "Lines of a view. A key of the view is a parameter too: KEY=VALUE, an empty value for null.",
     "from:Time to:Time limit:ViewLimit after:string format:TableFormat", "",
     "200:application/json=View 200:text/csv=Text"},
    {"GET", "/v1/dead-letters", "deadLetters", "What was refused, without its bytes.",
     "after:Number limit:PageLimit code:RefusalCode all:boolean", "",
     "200:application/json=DeadLetters"},
    {"GET", "/v1/dead-letters/{number}", "deadLetter", "One dead letter with its bytes.", "", "",
     "200:application/json=DeadLetter"},
    {"POST", "/v1/dead-letters/{number}/replay", "replay",
     "Admits a dead letter's event anew, once; a body takes the place of its bytes.", "",
     "application/json=Event ?", "200:application/json=Result"},
    {"POST", "/v1/dead-letters/{number}/discard", "discard", "Closes a dead letter.", "", "",
     "200:application/json=Discarded"},
    {"POST", "/v1/erase", "erase",
     "Erases a person: destroys the key of what is private in the events of this subject, by its "
     "value as it stands in events or by its pseudonym; answers when that is durable and no state "
     "holds it.",
     "", "application/json=Erase", "200:application/json=Erased"},
    {"GET", "/v1/models", "models", "The application's models.", "", "",
     "200:application/json=Models"},
    {"GET", "/v1/models/{name}", "model", "A model with its versions and promotions.", "", "",
     "200:application/json=Model"},
    {"GET", "/v1/models/{name}/versions/{version}", "modelVersion",
     "A version with its metrics and card.", "", "", "200:application/json=ModelVersion"},
    {"POST", "/v1/models/{name}/versions", "addModelVersion",
     "Registers a model file that was made elsewhere (XGBoost JSON or UBJ, or a linear model's "
     "JSON), once it has passed all checks; 200 if the registry has it already. It is not in force "
     "before it is promoted.",
     "file:string sha256:string", "application/octet-stream=Text",
     "201:application/json=Registered 200:application/json=Registered"},
    {"POST", "/v1/models/{name}/promote", "promote",
     "Brings a version into force; 0 takes the model out of force.", "", "application/json=Promote",
     "200:application/json=Promoted"},
    {"POST", "/v1/models/{name}/rollback", "rollBack", "Undoes the last promotion.", "", "",
     "200:application/json=Promoted"},
    {"POST", "/v1/train", "train", "Starts a training run.", "", "application/json=Train",
     "202:application/json=Run"},
    {"GET", "/v1/train", "runs",
     "The training runs of this process, and what it watches to train again.", "", "",
     "200:application/json=Runs"},
    {"GET", "/v1/train/{run}", "run", "One training run.", "", "", "200:application/json=Run"},
    {"GET", "/v2", "oipServer", "Open Inference Protocol: the server.", "", "",
     "200:application/json=Object"},
    {"GET", "/v2/health/live", "oipLive", "Whether the process lives.", "", "",
     "200:application/json=Object"},
    {"GET", "/v2/health/ready", "oipReady", "Whether all models answer.", "", "",
     "200:application/json=Object"},
    {"POST", "/v2/repository/index", "oipIndex", "The models.", "", "application/json=Object ?",
     "200:application/json=List"},
    {"GET", "/v2/models/stats", "oipAllStatistics", "Statistics of all models.", "", "",
     "200:application/json=Object"},
    {"GET", "/v2/models/{model}", "oipModel", "A model's inputs and outputs.", "", "",
     "200:application/json=Object"},
    {"GET", "/v2/models/{model}/versions/{version}", "oipModelVersion",
     "A version's inputs and outputs.", "", "", "200:application/json=Object"},
    {"GET", "/v2/models/{model}/ready", "oipModelReady", "Whether a model answers.", "", "",
     "200:application/json=Object"},
    {"GET", "/v2/models/{model}/versions/{version}/ready", "oipVersionReady",
     "Whether a version answers.", "", "", "200:application/json=Object"},
    {"GET", "/v2/models/{model}/config", "oipConfig", "A model's configuration.", "", "",
     "200:application/json=Object"},
    {"GET", "/v2/models/{model}/versions/{version}/config", "oipVersionConfig",
     "A version's configuration.", "", "", "200:application/json=Object"},
    {"GET", "/v2/models/{model}/stats", "oipStatistics", "A model's statistics.", "", "",
     "200:application/json=Object"},
    {"GET", "/v2/models/{model}/versions/{version}/stats", "oipVersionStatistics",
     "A version's statistics.", "", "", "200:application/json=Object"},
    {"POST", "/v2/models/{model}/infer", "oipInfer", "Predicts; nothing is recorded.", "",
     "application/json=Object application/octet-stream=Text",
     "200:application/json=Object 200:application/octet-stream=Text"},
    {"POST", "/v2/models/{model}/versions/{version}/infer", "oipVersionInfer",
     "Predicts with a version; nothing is recorded.", "",
     "application/json=Object application/octet-stream=Text",
     "200:application/json=Object 200:application/octet-stream=Text"},
    {"GET", "/livez", "live", "Whether the process lives.", "", "", "200:application/json=Live"},
    {"GET", "/readyz", "ready", "Whether requests are answered.", "", "",
     "200:application/json=Ready 503:application/json=Ready"},
    {"GET", "/metrics", "metrics", "Figures for Prometheus.", "", "", "200:text/plain=Text"},
    {"GET", "/openapi.json", "openapi", "This document.", "", "", "200:application/json=Object"},
};

constexpr NamedSchema kCommon[] = {
    {"Text", R"({"type":"string"})"},
    {"Object", R"({"type":"object"})"},
    {"List", R"({"type":"array"})"},
    {"Number", R"({"type":"integer","minimum":0,"examples":[1]})"},
    {"EventId", R"({"type":"string","examples":["1001","@3"]})"},
    {"SessionName", R"({"type":"string","examples":["till-7"]})"},
    {"RefusalCode", R"({"type":"string","examples":["missing","out_of_range"]})"},
    {"PageLimit", R"({"type":"integer","minimum":0,"maximum":1000})"},
    {"ViewLimit", R"({"type":"integer","minimum":0,"maximum":10000})"},
    {"LinesFormat", R"({"enum":["json","ndjson"]})"},
    {"TableFormat", R"({"enum":["json","csv"]})"},
    {"Time", R"({"type":"string","format":"date-time"})"},
    {"Live", R"({"type":"object","required":["live"],"properties":{"live":{"const":true}}})"},
    {"Ready",
     R"({"type":"object","required":["ready"],"properties":{"ready":{"type":"boolean"},)"
     R"("missing":{"type":"array","items":{"type":"object","required":["service","means"],)"
     R"("properties":{"service":{"type":"string"},"means":{"type":"string"}}}},)"
     R"("saturated":{"type":"string"}}})"},
    {"Problem",
     R"({"type":"object","required":["type","title","status"],"properties":{)"
     R"("type":{"type":"string"},"title":{"type":"string"},"detail":{"type":"string"},)"
     R"("status":{"type":"integer","minimum":400,"maximum":599},"instance":{"type":"string"},)"
     R"("code":{"type":"string"},"trace_id":{"type":"string"},"errors":{"type":"array","items":)"
     R"({"type":"object","required":["field","detail"],"properties":{"field":{"type":"string",)"
     R"("description":"As the input names it: of the event, a parameter or a header."},)"
     R"("detail":{"type":"string"}}}}}})"},
    {"OipError",
     R"({"type":"object","required":["error"],"properties":{"error":{"type":"string"}},)"
     R"("additionalProperties":false})"},
    {"Answer",
     R"({"anyOf":[{"$ref":"#/components/schemas/Result"},{"type":"object","required":["position"],)"
     R"("properties":{"position":{"type":"integer"}},"additionalProperties":false},)"
     R"({"type":"array","items":{"type":"object"}}]})"},
    {"Accepted", R"({"type":"object","required":["status","event","id"],"properties":{)"
                 R"("status":{"enum":["accepted","pending"]},"event":{"type":"string"},)"
                 R"("id":{"type":"string"},"position":{"type":"integer"},)"
                 R"("waits_for":{"type":"string"}},"additionalProperties":false})"},
    {"CloudEvent",
     R"({"type":"object","required":["specversion","id","source","type","data"],"properties":{)"
     R"("specversion":{"const":"1.0"},"id":{"type":"string","minLength":1},)"
     R"("source":{"type":"string","minLength":1},"type":{"type":"string","minLength":1},)"
     R"("data":{"$ref":"#/components/schemas/Event"}}})"},
    {"CloudEvents",
     R"({"type":"array","maxItems":1000,"items":{"$ref":"#/components/schemas/CloudEvent"}})"},
    {"Results",
     R"({"type":"object","required":["results"],"properties":{"results":{"type":"array","items":)"
     R"({"$ref":"#/components/schemas/Result"}},"next":{"type":"integer","minimum":1}}})"},
    {"Views",
     R"({"type":"object","required":["views","position"],"properties":{"views":{"type":"array",)"
     R"("items":{"type":"object","required":["view","of","by","aggregates","lines","bytes",)"
     R"("kept"]}}}})"},
    {"View",
     R"({"type":"object","required":["view","position","durable","lines"],"properties":{)"
     R"("view":{"$ref":"#/components/schemas/ViewName"},"position":{"type":"integer"},)"
     R"("durable":{"type":"integer"},)"
     R"("newest":{"type":"string"},"next":{"type":"string"},"lines":{"type":"array","items":)"
     R"({"type":"object","required":["by","values"],"properties":{"bucket":{"type":"string"},)"
     R"("by":{"type":"object"},"values":{"type":"object"}}}}}})"},
    {"DeadLetter",
     R"({"type":"object","required":["number","at","event","code","message","format","state"],)"
     R"("properties":{"number":{"type":"integer"},)"
     R"("state":{"enum":["open","replayed","discarded"]}}})"},
    {"DeadLetters",
     R"({"type":"object","required":["dead_letters"],"properties":{"dead_letters":{"type":"array",)"
     R"("items":{"$ref":"#/components/schemas/DeadLetter"}},"next":{"type":"integer"}}})"},
    {"Session",
     R"({"type":"object","required":["session","last"],"properties":{)"
     R"("session":{"$ref":"#/components/schemas/SessionName"},"last":{"type":"integer"}}})"},
    {"Erase",
     R"({"type":"object","minProperties":1,"maxProperties":1,"additionalProperties":false,)"
     R"("properties":{"value":{"type":"string"},"subject":{"type":"string",)"
     R"("pattern":"^[0-9a-f]{32}$"}}})"},
    {"Erased", R"({"type":"object","required":["subject","position"],"properties":{"subject":)"
               R"({"type":"string"},"position":{"type":"integer","minimum":1}}})"},
    {"Discarded",
     R"({"type":"object","required":["discarded"],"properties":{"discarded":{"const":true}}})"},
    {"Model",
     R"({"type":"object","required":["model","of","type","objective","in_force","versions"],)"
     R"("properties":{"model":{"$ref":"#/components/schemas/ModelName"},)"
     R"("in_force":{"type":["integer","null"]},"versions":{"type":"array"},)"
     R"("promotions":{"type":"array"}}})"},
    {"Models", R"({"type":"object","required":["models"],"properties":{"models":{"type":"array",)"
               R"("items":{"$ref":"#/components/schemas/Model"}}}})"},
    {"ModelVersion",
     R"({"type":"object","required":["model","version","digest","in_force","created_at",)"
     R"("bytes"]})"},
    {"Promote",
     R"({"type":"object","required":["version"],"properties":{"version":{"type":"integer",)"
     R"("minimum":0,"maximum":2147483647}}})"},
    {"Registered",
     R"({"type":"object","required":["model","version","digest","registered"],"properties":{)"
     R"("version":{"type":"integer","minimum":1},"registered":{"type":"boolean"}}})"},
    {"Promoted", R"({"type":"object","required":["model","in_force","position","reason"]})"},
    {"Train", R"({"type":"object","required":["model"],"properties":{)"
              R"("model":{"$ref":"#/components/schemas/ModelName"},"as_of":{"type":"string"},)"
              R"("keep":{"type":"boolean"},"set":{"type":"object"}},)"
              R"("additionalProperties":false})"},
    {"Run", R"({"type":"object","required":["run","model","state","because","round","rounds",)"
            R"("promoted"]})"},
    {"Runs",
     R"({"type":"object","required":["runs","retrain"],"properties":{"runs":{"type":"array",)"
     R"("items":{"$ref":"#/components/schemas/Run"}},"retrain":{"type":"array",)"
     R"("items":{"type":"object","required":["model"]}}}})"},
};

}  // namespace

const std::span<const Operation> kOperations = kAll;
const std::span<const NamedSchema> kSchemas = kCommon;

}  // namespace quintet::host
