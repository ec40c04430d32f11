#include "role/secret_rules.h"

#include "filter/io/command/command_source.h"
#include "filter/secret/secret_filter.h"
#include "tls/file.h"

namespace louver::role {
namespace {

using filter::secret::SecretOptions;
using SourceResult = Result<std::shared_ptr<const filter::secret::Source>>;

SourceResult read_source(const std::string& file) {
  LOUVER_ASSIGN(const tls::SecretBytes text, tls::read_file(file, tls::FileAccess::owner_only));
  auto made = filter::secret::Credential::make(text);
  if (!made) return Error{Fault::configuration, file + ": " + made.error().detail};
  return filter::secret::always(*std::move(made));
}

SourceResult ask_source(const config::SecretFilter& options, observe::Log& log) {
  filter::command::CommandOptions made;
  made.command = options.command;
  made.environment = options.environment;
  made.answer_within = options.answer_within;
  if (options.valid_for) made.valid_for = *options.valid_for;
  made.tell = [&log](std::string_view what) {
    log.write(observe::Level::warn, observe::Event::filter_worker,
              {{"filter", "secret"}, {"state", "failed"}, {"what", std::string{what}}});
  };
  return filter::command::make_command_source(std::move(made));
}

}  // namespace

Result<std::shared_ptr<const filter::FilterFactory>> make_secret_filter(const config::SecretFilter& options,
                                                                        const std::vector<std::string>& contexts,
                                                                        observe::Log& log, Outside outside) {
  if (!contexts.empty())
    return Error{Fault::configuration,
                 "filter secret: it takes no \"contexts\": which it needs follows from what it does"};
  SecretOptions made;
  for (const config::Authority& host : options.hosts) made.hosts.push_back(to_text(host));
  made.paths = options.paths;
  made.field = options.field == config::SecretFilter::Field::cookie ? "cookie" : "authorization";
  made.scheme = options.scheme;
  made.placeholder = options.placeholder.value_or("");
  if (options.without_placeholder == config::SecretFilter::WithoutPlaceholder::block)
    made.without_placeholder = SecretOptions::Otherwise::block;
  made.watch_answers = options.watch_answers;
  if (options.on_echo == config::SecretFilter::OnEcho::redact) made.on_echo = SecretOptions::OnEcho::redact;
  made.write = [&log](const filter::secret::Finding& finding) {
    log.write(observe::Level::warn, observe::Event::filter_matched,
              {{"session", std::string{finding.session}},
               {"exchange", static_cast<std::int64_t>(raw(finding.exchange))},
               {"context", std::string{finding.context}},
               {"direction", std::string{name_of(Direction::s2c)}},
               {"rule", "the credential itself, " + std::string{finding.spelling}}});
  };
  if (outside == Outside::none) {
    made.source = filter::secret::always(nullptr);
  } else {
    LOUVER_ASSIGN(made.source, options.file ? read_source(*options.file) : ask_source(options, log));
  }
  return filter::secret::make_secret(std::move(made));
}

}  // namespace louver::role
