#include "vectors/vectors.h"

#include "vectors/attestations.h"
#include "vectors/document.h"
#include "vectors/run.h"

namespace louver::vectors {
namespace {

/// The error of an engine with the place whose octets it refused.
template <class T>
Result<T> of(const char* member, Result<T> result) {
  if (result) return result;
  return Error{result.error().fault, std::string{"/inputs/"} + member + ": " + result.error().detail};
}

/// @param attestations  null where nothing is audited
Result<Json> steps_of(const Path& path, const std::vector<Step>& steps, Attestations* attestations) {
  LOUVER_ASSIGN(Run run, Run::make(path));
  Json out = Json::array();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    LOUVER_ASSIGN(Json row, of(("steps/" + std::to_string(i)).c_str(), run.step(steps[i])));
    if (attestations != nullptr) row.update(attestations->add(steps[i].direction, run.take_values(steps[i].direction)));
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace

Result<Json> compute_agreed(const Inputs& in, const session::Terms& terms, const wire::Hash& manifest_hash) {
  const Roots roots{in.e2e, in.client_seed, in.server_seed};
  auto made = make_path(roots, terms, manifest_hash);
  if (!made) return Error{made.error().fault, "/inputs/" + made.error().detail};
  Path path = *std::move(made);
  path.session = in.session;
  path.counters.epoch_shift = in.epoch_shift;
  LOUVER_ASSIGN(Json joins, joins_of(path, in.alive));
  LOUVER_ASSIGN(std::optional<Attestations> attestations, of("receipt_keys", attest(path, in.receipt_keys)));
  LOUVER_ASSIGN(Json steps, steps_of(path, in.steps, attestations ? &*attestations : nullptr));
  Json receipts = Json::array();
  if (attestations) {
    LOUVER_ASSIGN(receipts, attestations->receipts());
  }
  return Json{{"association", to_hex(session::association_id(manifest_hash))},
              {"suite", terms.suite().name},
              {"secrets", secrets_of(roots, path)},
              {"joins", std::move(joins)},
              {"steps", std::move(steps)},
              {"receipts", std::move(receipts)}};
}

Result<Json> compute_path(const Place& inputs) {
  LOUVER_ASSIGN(const Inputs in, read_inputs(inputs));
  LOUVER_ASSIGN(const wire::Hello hello, of("hello", wire::decode_hello(in.hello)));
  LOUVER_ASSIGN(const wire::Manifest manifest, of("manifest", wire::decode<wire::Manifest>(in.manifest)));
  if (manifest.members.items.size() != hello.route.items.size() + 1)
    return Error{Fault::manifest_differs, "/inputs/manifest: one member for each party is wanted"};
  const wire::Hash hello_hash = session::hash_of_hello(in.hello);
  LOUVER_ASSIGN(const session::Terms terms,
                of("manifest", session::agree_on_terms(hello, hello_hash, manifest.accept)));
  const wire::Hash manifest_hash = session::hash_of_manifest(manifest);
  LOUVER_ASSIGN(const Json agreed, compute_agreed(in, terms, manifest_hash));
  Json out = {{"format", path_format},
              {"inputs", inputs.json()},
              {"hello_hash", to_hex(hello_hash)},
              {"manifest_hash", to_hex(manifest_hash)}};
  out.update(agreed);
  return out;
}

}  // namespace louver::vectors
