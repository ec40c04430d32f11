#include <gtest/gtest.h>

#include "sim/path.h"
#include "tls/signature.h"

/// P9: what was done on the way is said, and who lies about it stands in a pair. docs/protocol.md §9
namespace louver::sim {
namespace {

using session::AuditVerdict;
using session::Grant;
using namespace std::chrono_literals;

/// One audited session, and the network of values beside it. A test may change what a party states before it goes out.
struct Audited {
  explicit Audited(const char* grants, std::size_t middleboxes = 1, bool client_certificate = true)
      : path({.middleboxes = middleboxes,
              .grants = grants_from(grants),
              .client_certificate = client_certificate,
              .audit = {"body", "rbody"}}) {
    EXPECT_TRUE(path.establish());
    session = path.join();
    session->start();
    session->run();
  }

  using Lie = std::function<void(std::vector<wire::Audit>&)>;
  std::map<std::size_t, Lie> lies;

  session::AuditBook* book(std::size_t party) {
    if (party == 0) return session->client().engine->audit_book();
    if (party + 1 == session->chain.size()) return session->server().engine->audit_book();
    return session->relay(party).engine->audit_book();
  }
  void carry(bool ended = false) {
    for (std::size_t i = 0; i < session->chain.size(); ++i) {
      session::AuditBook* its = book(i);
      if (its == nullptr) continue;
      session::AuditNote note{its->session, std::exchange(its->values, {}), ended, ended};
      if (lies.contains(i)) lies[i](note.values);
      path.record(i)->audit().put(std::move(note));
      flush(i);
    }
    collect();
  }
  void flush(std::size_t i) {
    Node::Outputs out;
    Result<> carried;
    if (i == 0) {
      carried = path.client().carry_audit(path.clock.now(), out.to_server);
    } else if (i == path.spec.middleboxes + 1) {
      carried = path.server().carry_audit(path.clock.now(), out.to_client);
    } else {
      carried = path.middlebox(i).carry_audit(path.clock.now(), {out.to_client, out.to_server});
    }
    EXPECT_TRUE(carried) << describe(carried.error());
    path.association().put(i, out);
    path.association().run();
  }
  void collect() {
    for (auto* end : {&path.client(), &path.server()}) {
      if (end->audit() == nullptr) continue;
      for (session::AuditEvent& event : end->audit()->take_events())
        (end == &path.client() ? at_client : at_server).push_back(std::move(event));
    }
  }
  /// A request of one exchange with that body; the other contexts are empty.
  void request(std::string_view body, std::uint32_t exchange = 1) {
    for (const char* context : {"head", "cred"}) session->send(Side::client, context, "", exchange);
    session->send(Side::client, "body", body, exchange);
  }
  void end_session() {
    session->finish(Side::client);
    session->finish(Side::server);
    carry(true);
  }
  template <class Event>
  std::vector<Event> found(const std::vector<session::AuditEvent>& events) {
    std::vector<Event> out;
    for (const auto& event : events) {
      if (const auto* one = std::get_if<Event>(&event)) out.push_back(*one);
    }
    return out;
  }
  std::vector<session::MessageJudged> judged() { return found<session::MessageJudged>(at_server); }
  void wait(Duration time) {
    path.association().run_until(path.clock.mono + time);
    collect();
  }
  /// A message that M1 (or whoever) puts into its channel with the server, as if it were its own.
  void say(std::size_t party, const wire::Audit& value) {
    path.record(party)->audit().put({SessionNumber{value.session}, {value}});
    flush(party);
    collect();
  }

  Path path;
  std::unique_ptr<Path::Session> session;
  std::vector<session::AuditEvent> at_client, at_server;
};

const std::pair<PartyIndex, PartyIndex> client_and_m1{PartyIndex{0}, PartyIndex{1}};

TEST(P9Attribution, a_message_that_nobody_may_write_is_unmodified_end_to_end) {
  Audited a{"M1: body=read"};
  a.request("pay 12");
  a.carry();
  ASSERT_EQ(a.judged().size(), 1U);
  EXPECT_EQ(a.judged()[0].judgement.verdict, AuditVerdict::unmodified);
  EXPECT_TRUE(a.judged()[0].judgement.end_to_end);
}

TEST(P9Attribution, a_writer_that_passes_everything_is_confirmed_by_the_ends) {
  Audited a{"M1: body=write; M2: body=write", 2};
  a.request("pay 12");
  a.carry();
  ASSERT_EQ(a.judged().size(), 1U);
  EXPECT_EQ(a.judged()[0].judgement.verdict, AuditVerdict::unmodified);
  EXPECT_TRUE(a.judged()[0].judgement.end_to_end);
  EXPECT_EQ(a.judged()[0].values.size(), 8U);  // six of segments, two of the ends
}

TEST(P9Attribution, a_writer_that_changes_states_so) {
  Audited a{"M1: body=write; M2: body=write", 2};
  a.session->relay(2).handler.act = [](const session::Part& part, Grant,
                                       session::PartSink* emit) -> Result<session::Verdict> {
    session::Part other = part;
    other.bytes = as_bytes("pay 99");
    LOUVER_TRY(emit->on_part(other));
    return session::Verdict::replaced;
  };
  a.request("pay 12");
  a.carry();
  ASSERT_EQ(a.judged().size(), 1U);
  EXPECT_EQ(a.judged()[0].judgement.verdict, AuditVerdict::changed);
  EXPECT_EQ(a.judged()[0].judgement.changed, std::vector{PartyIndex{2}});
  EXPECT_FALSE(a.judged()[0].judgement.end_to_end);
}

TEST(P9Attribution, a_filter_that_emits_the_same_octets_has_changed_nothing) {
  Audited a{"M1: body=write"};
  a.session->relay(1).handler.act = [](const session::Part& part, Grant,
                                       session::PartSink* emit) -> Result<session::Verdict> {
    LOUVER_TRY(emit->on_part(part));
    return session::Verdict::replaced;
  };
  a.request("pay 12");
  a.carry();
  ASSERT_EQ(a.judged().size(), 1U);
  EXPECT_EQ(a.judged()[0].judgement.verdict, AuditVerdict::unmodified);
}

TEST(P9Attribution, a_tombstone_is_told_with_its_redactor) {
  Audited a{"M1: body=redact; M2: body=write", 2};
  a.session->relay(1).handler.act = [](const session::Part& part, Grant,
                                       session::PartSink*) -> Result<session::Verdict> {
    return part.bytes.empty() ? session::Verdict::pass : session::Verdict::redact;
  };
  a.request("card 4111");
  a.carry();
  ASSERT_EQ(a.judged().size(), 1U);
  EXPECT_EQ(a.judged()[0].judgement.verdict, AuditVerdict::redacted);
  EXPECT_EQ(a.judged()[0].judgement.redacted, std::vector{PartyIndex{1}});
}

/// Each way in which a writer can lie about what it did: nobody believes it. AU-01
TEST(P9Attribution, AU_01_a_writer_that_lies_stands_in_a_pair) {
  struct Case {
    const char* what;
    bool changes;
    std::function<void(wire::Audit&)> lie;
    std::pair<PartyIndex, PartyIndex> pair;
  };
  const std::pair<PartyIndex, PartyIndex> m1_and_server{PartyIndex{1}, PartyIndex{2}};
  const Case cases[] = {
      {"changes and says it did not", true, [](wire::Audit& v) { v.changed = 0; }, client_and_m1},
      {"says that it took in something else", false,
       [](wire::Audit& v) {
         if (v.out == 0) v.value[3] ^= std::byte{1};
       },
       client_and_m1},
      {"says that it sent something else", false,
       [](wire::Audit& v) {
         if (v.out == 1) v.value[3] ^= std::byte{1};
       },
       m1_and_server},
      {"says another length", false,
       [](wire::Audit& v) {
         if (v.out == 1) v.length += 1;
       },
       m1_and_server},
      {"says that it is its own",
       false,
       [](wire::Audit& v) {
         if (v.out == 1) v.changed = 2;
       },
       {PartyIndex{1}, PartyIndex{1}}},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    Audited a{"M1: body=write"};
    if (one.changes) {
      a.session->relay(1).handler.act = [](const session::Part& part, Grant,
                                           session::PartSink* emit) -> Result<session::Verdict> {
        session::Part other = part;
        other.bytes = as_bytes("pay 99");
        LOUVER_TRY(emit->on_part(other));
        return session::Verdict::replaced;
      };
    }
    a.lies[1] = [&](std::vector<wire::Audit>& values) { std::ranges::for_each(values, one.lie); };
    a.request("pay 12");
    a.carry();
    ASSERT_EQ(a.judged().size(), 1U);
    EXPECT_EQ(a.judged()[0].judgement.verdict, AuditVerdict::disagreement);
    EXPECT_NE(std::ranges::find(a.judged()[0].judgement.pairs, one.pair), a.judged()[0].judgement.pairs.end());
  }
}

TEST(P9Attribution, AU_01_a_sender_that_lies_stands_in_a_pair_with_the_writer) {
  Audited a{"M1: body=write"};
  a.lies[0] = [](std::vector<wire::Audit>& values) {
    for (wire::Audit& v : values) v.value[0] ^= std::byte{1};
  };
  a.request("pay 12");
  a.carry();
  ASSERT_EQ(a.judged().size(), 1U);
  EXPECT_EQ(a.judged()[0].judgement.verdict, AuditVerdict::disagreement);
  EXPECT_EQ(a.judged()[0].judgement.pairs, std::vector{client_and_m1});
}

TEST(P9Attribution, AU_01_a_missing_value_makes_unattested_after_five_seconds_and_never_unmodified) {
  for (const std::size_t mute : {0U, 1U}) {
    SCOPED_TRACE(mute);
    Audited a{"M1: body=write"};
    a.lies[mute] = [](std::vector<wire::Audit>& values) { values.clear(); };
    a.request("pay 12");
    a.carry();
    EXPECT_TRUE(a.judged().empty());
    a.wait(4900ms);
    EXPECT_TRUE(a.judged().empty());
    a.wait(200ms);
    ASSERT_EQ(a.judged().size(), 1U);
    EXPECT_EQ(a.judged()[0].judgement.verdict, AuditVerdict::unattested);
    EXPECT_EQ(a.judged()[0].judgement.missing, std::vector{PartyIndex{static_cast<std::uint8_t>(mute)}});
  }
}

TEST(P9Attribution, AU_01_a_value_that_comes_late_is_told_and_changes_no_judgement) {
  Audited a{"M1: body=write"};
  std::vector<wire::Audit> kept;
  a.lies[1] = [&](std::vector<wire::Audit>& values) { kept = std::exchange(values, {}); };
  a.request("pay 12");
  a.carry();
  a.wait(6s);
  ASSERT_EQ(a.judged().size(), 1U);
  for (const wire::Audit& value : kept) a.say(1, value);
  EXPECT_EQ(a.judged().size(), 1U);
  EXPECT_EQ(a.found<session::ValueLate>(a.at_server).size(), 2U);
  EXPECT_FALSE(a.path.error(2));
}

TEST(P9Attribution, AU_01_values_for_what_never_was_are_bounded_and_undelivered) {
  Audited a{"M1: body=write"};
  a.request("pay 12");
  a.carry();
  wire::Audit value;
  value.session = 1;
  value.exchange = 77;
  value.context = raw(a.path.context("body"));
  value.out = 1;
  a.say(1, value);
  a.end_session();
  a.wait(6s);
  ASSERT_EQ(a.judged().size(), 2U);
  EXPECT_EQ(a.judged()[1].judgement.verdict, AuditVerdict::undelivered);
}

/// A message inside a channel that nobody honest sends: the association ends with bad_frame. AU-01
TEST(P9Attribution, AU_01_what_a_party_may_not_state_ends_the_association) {
  struct Case {
    const char* what;
    std::function<void(Audited&, wire::Audit&)> spoil;
  };
  const Case cases[] = {
      {"twice", [](Audited&, wire::Audit&) {}},
      {"a context that is not audited", [](Audited& a, wire::Audit& v) { v.context = raw(a.path.context("head")); }},
      {"a context that is not there", [](Audited&, wire::Audit& v) { v.context = 200; }},
      {"a value of the end", [](Audited&, wire::Audit& v) { v.exchange = 2, v.out = 2; }},
      {"a session that is not there", [](Audited&, wire::Audit& v) { v.session = 5000; }},
      {"session 0", [](Audited&, wire::Audit& v) { v.session = 0; }},
      {"a redactor who is none", [](Audited&, wire::Audit& v) { v.exchange = 2, v.out = 0, v.redactor = 1; }},
      {"a change without meaning", [](Audited&, wire::Audit& v) { v.exchange = 2, v.changed = 3; }},
      {"a place without meaning", [](Audited&, wire::Audit& v) { v.exchange = 2, v.out = 3; }},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    Audited a{"M1: body=write"};
    a.request("pay 12");
    a.carry();
    wire::Audit value;
    value.session = 1;
    value.exchange = 1;
    value.context = raw(a.path.context("body"));
    value.out = 1;
    one.spoil(a, value);
    a.say(1, value);
    ASSERT_TRUE(a.path.error(2));
    EXPECT_EQ(alert_for(a.path.error(2)->fault), Alert::bad_frame) << describe(*a.path.error(2));
  }
}

TEST(P9Attribution, AU_01_a_flood_ends_with_limit_exceeded) {
  Audited a{"M1: body=write"};
  session::AuditNote note{SessionNumber{1}, {}};
  for (std::uint32_t i = 1; i <= limits::audit_unreceived + 1; ++i) {
    wire::Audit value;
    value.session = 1;
    value.exchange = i;
    value.context = raw(a.path.context("body"));
    value.out = 1;
    note.values.push_back(value);
  }
  a.path.record(1)->audit().put(std::move(note));
  a.flush(1);
  ASSERT_TRUE(a.path.error(2));
  EXPECT_EQ(a.path.error(2)->fault, Fault::limit_exceeded);
}

TEST(P9Attribution, every_party_that_states_signs_for_both_ends) {
  Audited a{"M1: body=write; M2: rbody=write", 2};
  a.request("pay 12");
  a.carry();
  a.end_session();
  for (const auto* events : {&a.at_client, &a.at_server}) {
    std::set<int> signers;
    for (const auto& taken : a.found<session::ReceiptTaken>(*events)) signers.insert(taken.receipt.body.party);
    EXPECT_EQ(signers, (std::set<int>{0, 1, 2, 3}));
    ASSERT_EQ(a.found<session::SessionClosed>(*events).size(), 1U);
    EXPECT_TRUE(a.found<session::SessionClosed>(*events)[0].whole);
    EXPECT_TRUE(a.found<session::SessionClosed>(*events)[0].unsigned_by.empty());
  }
}

TEST(P9Attribution, an_anonymous_client_signs_nothing_and_the_audit_says_so) {
  Audited a{"M1: body=write", 1, false};
  a.request("pay 12");
  a.carry();
  a.end_session();
  ASSERT_EQ(a.found<session::SessionClosed>(a.at_server).size(), 1U);
  EXPECT_EQ(a.found<session::SessionClosed>(a.at_server)[0].unsigned_by, std::vector{PartyIndex{0}});
}

TEST(P9Attribution, a_session_that_lasts_gets_a_receipt_after_ten_minutes) {
  Audited a{"M1: body=write"};
  a.request("pay 12", 1);
  a.carry();
  a.path.clock.advance(10min);
  a.request("pay 13", 2);
  session::AuditReporter reporter{*a.path.record(1), nullptr};
  for (const wire::Audit& value : a.book(1)->values) reporter.add(value, a.path.clock.mono);
  EXPECT_FALSE(reporter.due(SessionNumber{1}, a.path.clock.mono + 9min));
  EXPECT_TRUE(reporter.due(SessionNumber{1}, a.path.clock.mono + 10min));
}

/// AU-03: a signature of a receipt is none of TLS, nor the other way round.
TEST(P9Attribution, AU_03_a_receipt_is_no_signature_of_tls) {
  const auto identity = TestPki::shared().identity("m1.example", tls::Role::middlebox);
  const Buffer statement = to_buffer(std::string_view{"what is said"});
  const auto made = tls::sign_receipt(*identity, statement);
  ASSERT_TRUE(made);
  EXPECT_TRUE(tls::verify_receipt(identity->leaf_der(), *made, statement));
  Buffer other = statement;
  other.push_back(std::byte{0});
  EXPECT_FALSE(tls::verify_receipt(identity->leaf_der(), *made, other));
  tls::Signature renamed = *made;
  renamed.algorithm = renamed.algorithm == 0x0403 ? 0x0807 : 0x0403;
  EXPECT_FALSE(tls::verify_receipt(identity->leaf_der(), renamed, statement));
  const auto stranger = TestPki::shared().identity("m2.example", tls::Role::middlebox);
  EXPECT_FALSE(tls::verify_receipt(stranger->leaf_der(), *made, statement));
}

TEST(P9Attribution, nothing_is_kept_or_stated_where_nothing_is_audited) {
  Path path{{.middleboxes = 1, .grants = grants_from("M1: body=write")}};
  ASSERT_TRUE(path.establish());
  auto session = path.join();
  session->start();
  session->run();
  EXPECT_EQ(session->client().engine->audit_book(), nullptr);
  EXPECT_EQ(session->relay(1).engine->audit_book(), nullptr);
  EXPECT_EQ(path.server().audit(), nullptr);
  EXPECT_TRUE(path.record(0)->evidence().hello.empty());
}

}  // namespace
}  // namespace louver::sim
