#include "profile/http1/lift/lift.h"

#include <gtest/gtest.h>

#include "profile/http1/lift/form_place.h"
#include "profile/http1/lift/json_place.h"
#include "profile/http1/lift/test_support.h"

/// HT-16: a value that is lifted out of a message, the marker in its place, and what comes back.
namespace louver::profile::http1 {
namespace {

using namespace test;

/// Both ends, with whatever happens between them.
struct Trip {
  std::vector<FieldContext> contexts = {};
  BodyKind kind = BodyKind::json;
  Fields head = {};
  std::string body = {};
  CountingRandom random = {};
  std::vector<std::string> messages = {};

  Verdict send() { return lift(contexts, kind, head, body, random, messages); }
  Result<> receive() {
    std::vector<Buffer> came;
    for (const std::string& one : messages) came.push_back(to_buffer(one));
    return put_back(contexts, kind, came, head, body);
  }
};

Trip json_trip(std::string body, FieldType type = FieldType::string) {
  return {.contexts = {field_from("json:/payment/card", type)}, .kind = BodyKind::json, .body = std::move(body)};
}

TEST(Lift, takes_a_member_out_and_puts_it_back_where_it_was) {
  Trip trip = json_trip(R"( {"n":1e2, "payment" : {"x":[{"card":"2"}], "card" :  "4111" , "cvc":7},"card":"twin"}  )");
  const std::string original = trip.body;
  ASSERT_FALSE(trip.send());
  EXPECT_EQ(trip.body, R"( {"n":1e2, "payment" : {"x":[{"card":"2"}], "card" :  ")" + marker(1) +
                           R"(" , "cvc":7},"card":"twin"}  )");
  EXPECT_EQ(trip.messages, std::vector{"json:/payment/card string " + marker(1) + "\r\n4111"});
  ASSERT_TRUE(trip.receive());
  EXPECT_EQ(trip.body, original);
}

TEST(Lift, HT_16_leaves_the_octets_of_every_type_exact) {
  struct Case {
    FieldType type;
    const char* value;
  };
  for (const auto& [type, value] : {
           Case{FieldType::string, R"("")"},
           {FieldType::string, R"("a\"b\\c\n")"},
           {FieldType::string, "\"\xc3\xa9\xf0\x9f\x92\xb3\""},
           {FieldType::string, R"("\"},\"admin\":true,\"x\":\"")"},
           {FieldType::string, R"("louver-field-0123456789abcdef0123456789abcdef")"},
           {FieldType::number, "0"},
           {FieldType::number, "-0"},
           {FieldType::number, "-12.50e+7"},
           {FieldType::number, "12345678901234567890123456789012345678901234567890"},
           {FieldType::number, "1.0000000000000000000000000000001"},
           {FieldType::boolean, "true"},
           {FieldType::boolean, "false"},
           {FieldType::any, "null"},
           {FieldType::any, R"({"card":[1,{"card":"]}"}]})"},
           {FieldType::any, R"([ ])"},
           {FieldType::any, R"("\u0041")"},
       }) {
    for (const char* behind : {"", " ", ",\"z\":[1]", "\r\n"}) {
      Trip trip = json_trip(std::string{R"({"payment":{"card":)"} + value + behind + "}}", type);
      const std::string original = trip.body;
      ASSERT_FALSE(trip.send()) << original;
      EXPECT_NE(trip.body, original);
      ASSERT_TRUE(trip.receive()) << original;
      EXPECT_EQ(trip.body, original);
    }
  }
}

TEST(Lift, writes_strings_anew) {
  Trip trip = json_trip(R"({"payment":{"card":"\u0034\/1"}})");
  ASSERT_FALSE(trip.send());
  EXPECT_TRUE(trip.messages[0].ends_with("\r\n4/1"));
  ASSERT_TRUE(trip.receive());
  EXPECT_EQ(trip.body, R"({"payment":{"card":"4/1"}})");
}

TEST(Lift, HT_16_refuses_documents_of_more_than_one_meaning_and_values_of_another_type) {
  const std::string deep(300, '[');
  for (const std::string& body : {
           std::string{R"({"payment":{"card":"1","card":"2"}})"},
           std::string{R"({"payment":{"card":"1"},"payment":{}})"},
           std::string{R"({"payment":{"card":"1","c\u0061rd":"2"}})"},
           std::string{R"({"a":{"b":1,"b":2},"payment":{"card":"1"}})"},
           std::string{"\xef\xbb\xbf{\"payment\":{\"card\":\"1\"}}"},
           std::string{R"({"payment":{"card":"1"}} {})"},
           std::string{R"({"payment":{"card":"1"}})"} + '\0' + "{}",
           std::string{R"({"payment":{"card":"1"},})"},
           std::string{R"({"payment":{"card":"\ud800"}})"},
           std::string{"{\"payment\":{\"card\":\"\xff\"}}"},
           std::string{"{\"payment\":{\"card\":\"a\nb\"}}"},
           std::string{R"({'payment':{'card':'1'}})"},
           std::string{R"({"payment":{"card":"1"},"n":NaN})"},
           std::string{R"({"payment":{"card":"1"},"n":1e999})"},
           std::string{R"({"payment":{"card":"1"},"n":01})"},
           std::string{R"({"payment":{"card":"1"} /* c */})"},
           std::string{R"({"payment":{"card":"1")"},
           R"({"payment":{"card":"1"},"n":)" + deep + std::string(300, ']') + "}",
           std::string{R"({"payment":{"card":4111}})"},
           std::string{R"({"payment":{"card":null}})"},
           std::string{R"({"payment":{"card":{"card":"1"}}})"},
           std::string{R"({"payment":{"card":["1"]}})"},
           std::string{"payment=1"},
       }) {
    Trip trip = json_trip(body);
    EXPECT_TRUE(trip.send()) << body;
    EXPECT_EQ(trip.body, body);
  }
  Trip huge = json_trip(R"({"payment":{"card":1e400}})", FieldType::number);
  EXPECT_TRUE(huge.send());
  Trip text = json_trip(R"({"payment":{"card":"1"}})", FieldType::number);
  EXPECT_TRUE(text.send());
}

TEST(Lift, leaves_bodies_without_the_value_as_they_are) {
  for (const std::string& body :
       {std::string{R"({"card":"1"})"}, std::string{R"({"payment":{}})"}, std::string{R"([{"payment":{"card":"1"}}])"},
        std::string{R"({"payment":[{"card":"1"}]})"}, std::string{"3"}, std::string{}}) {
    Trip trip = json_trip(body);
    ASSERT_FALSE(trip.send()) << body;
    EXPECT_EQ(trip.body, body);
    EXPECT_EQ(trip.messages, std::vector<std::string>{""});
    ASSERT_TRUE(trip.receive()) << body;
    EXPECT_EQ(trip.body, body);
  }
}

/// A middlebox that may write the body, and not the value.
TEST(Lift, HT_16_a_body_that_was_rewritten_keeps_its_marker_or_is_refused) {
  const std::string m = marker(1);
  struct Case {
    const char* what;
    std::string body;
    bool taken;
  };
  for (const auto& [what, body, taken] : {
           Case{"other members", R"({"order":"9 books","payment":{"card":")" + m + R"("}})", true},
           {"another order and spelling", R"({"payment":{"a":1,"\u0063ard":")" + m + R"("},"z":[]})", true},
           {"the marker elsewhere", R"({"note":")" + m + R"(","payment":{"card":"1"}})", false},
           {"the marker elsewhere, nothing here", R"({"note":")" + m + R"(","payment":{}})", false},
           {"the marker twice", R"({"note":")" + m + R"(","payment":{"card":")" + m + R"("}})", false},
           {"the member twice", R"({"payment":{"card":")" + m + R"(","card":")" + m + R"("}})", false},
           {"two members", R"({"payment":{"card":"1","card":")" + m + R"("}})", false},
           {"no marker", R"({"payment":{}})", false},
           {"no body", "", false},
           {"more than the marker", R"({"payment":{"card":"x)" + m + R"("}})", false},
           {"a marker of another message", R"({"payment":{"card":")" + marker(2) + R"("}})", false},
           {"within a list", R"({"payment":[{"card":")" + m + R"("}]})", false},
           {"within a value", R"({"payment":{"card":[")" + m + R"("]}})", false},
           {"no JSON", R"({"payment":{"card":")" + m + R"("})", false},
           {"two documents", R"({"payment":{"card":")" + m + R"("}}{})", false},
       }) {
    Trip trip = json_trip(R"({"payment":{"card":"4111"}})");
    ASSERT_FALSE(trip.send());
    trip.body = body;
    const auto received = trip.receive();
    EXPECT_EQ(received.has_value(), taken) << what;
    if (taken) {
      EXPECT_NE(trip.body.find("4111"), std::string::npos) << what;
      EXPECT_EQ(trip.body.find(marker_prefix), std::string::npos) << what;
    } else {
      EXPECT_EQ(received.error().fault, Fault::bad_value) << what;
    }
  }
}

/// A middlebox that may write the value, and not the body.
TEST(Lift, HT_16_a_value_that_was_rewritten_is_one_value_of_its_type_or_refused) {
  struct Case {
    FieldType type;
    const char* value;
    const char* becomes;  // null: refused
  };
  const char* some[] = {R"("1")", "1", "true", "null"};
  for (const auto& [type, value, becomes] : {
           Case{FieldType::string, R"("},"admin":true,"x":")", R"("\"},\"admin\":true,\"x\":\"")"},
           {FieldType::string, "a\r\nb\x01", R"("a\r\nb\u0001")"},
           {FieldType::string, "", R"("")"},
           {FieldType::string, "\xff", nullptr},
           {FieldType::number, "17", "17"},
           {FieldType::number, "1,\"admin\":true", nullptr},
           {FieldType::number, "1}", nullptr},
           {FieldType::number, " 1", nullptr},
           {FieldType::number, "1 ", nullptr},
           {FieldType::number, "", nullptr},
           {FieldType::number, "1e999", nullptr},
           {FieldType::number, "0x10", nullptr},
           {FieldType::number, "\"1\"", nullptr},
           {FieldType::boolean, "1", nullptr},
           {FieldType::boolean, "true", "true"},
           {FieldType::boolean, "true,\"a\":false", nullptr},
           {FieldType::any, R"({"a":1})", R"({"a":1})"},
           {FieldType::any, R"({"a":1,"a":2})", nullptr},
           {FieldType::any, R"([1}])", nullptr},
           {FieldType::any, R"("a","b":"c")", nullptr},
           {FieldType::any, R"(1}},{"payment":{"card":1)", nullptr},
       }) {
    Trip trip = json_trip(std::string{R"({"payment":{"card":)"} + some[static_cast<std::size_t>(type)] + "}}", type);
    ASSERT_FALSE(trip.send());
    trip.messages[0] = write_field_message(trip.contexts[0], {.marker = marker(1), .value = value});
    const auto received = trip.receive();
    EXPECT_EQ(received.has_value(), becomes != nullptr) << value;
    if (becomes != nullptr) {
      EXPECT_EQ(trip.body, std::string{R"({"payment":{"card":)"} + becomes + "}}");
    }
  }
}

TEST(Lift, HT_16_messages_of_a_field_context_have_one_form) {
  const std::string m = marker(1);
  for (const std::string& message : {
           std::string{},  // the value withheld, its marker left
           "json:/payment/card string " + m,
           "json:/payment/card string " + m + "\n4111",
           "json:/payment/card string  " + m + "\r\n4111",
           "json:/payment/card number " + m + "\r\n4111",
           "json:/payment/cvc string " + m + "\r\n4111",
           "form:card string " + m + "\r\n4111",
           "json:/payment/card string " + marker(2) + "\r\n4111",
           "json:/payment/card string " + m.substr(0, m.size() - 1) + "\r\n4111",
           "json:/payment/card string " + m.substr(0, m.size() - 1) + "G\r\n4111",
           std::string{"json:/payment/card string 4111111111111111111111111111111111111111111111\r\n4111"},
       }) {
    Trip trip = json_trip(R"({"payment":{"card":"4111"}})");
    ASSERT_FALSE(trip.send());
    trip.messages[0] = message;
    EXPECT_FALSE(trip.receive()) << message;
  }
}

TEST(Lift, HT_16_markers_of_two_fields_cannot_change_places) {
  Trip trip{.contexts = {field_from("json:/card"), field_from("json:/cvc", FieldType::string, "cvc", 8)},
            .body = R"({"cvc":"123","card":"4111"})"};
  ASSERT_FALSE(trip.send());
  EXPECT_EQ(trip.body, R"({"cvc":")" + marker(2) + R"(","card":")" + marker(1) + R"("})");
  Trip changed = trip;
  changed.body = R"({"cvc":")" + marker(1) + R"(","card":")" + marker(2) + R"("})";
  EXPECT_FALSE(changed.receive());
  Trip nested = trip;  // one value made to hold the other's marker: it stays text
  nested.messages[0] = write_field_message(trip.contexts[0], {.marker = marker(1), .value = marker(2)});
  ASSERT_TRUE(nested.receive());
  EXPECT_EQ(nested.body, R"({"cvc":"123","card":")" + marker(2) + R"("})");
  ASSERT_TRUE(trip.receive());
  EXPECT_EQ(trip.body, R"({"cvc":"123","card":"4111"})");
}

Trip form_trip(std::string body) {
  return {.contexts = {field_from("form:card")}, .kind = BodyKind::form, .body = std::move(body)};
}

TEST(Lift, takes_a_form_field_out_and_puts_it_back) {
  struct Case {
    const char *in, *out, *value;
  };
  for (const auto& [in, out, value] : {
           Case{"a=1&card=4111+1111&b=%26", "a=1&card=4111+1111&b=%26", "4111 1111"},
           {"card=", "card=", ""},
           {"c%61rd=x%2by&&z", "c%61rd=x%2By&&z", "x+y"},
           {"card=%26admin%3D1%00%0d%0A", "card=%26admin%3D1%00%0D%0A", nullptr},
       }) {
    Trip trip = form_trip(in);
    ASSERT_FALSE(trip.send()) << in;
    EXPECT_NE(trip.body.find("=" + marker(1)), std::string::npos) << in;
    if (value != nullptr) {
      EXPECT_TRUE(trip.messages[0].ends_with("\r\n" + std::string{value})) << in;
    }
    ASSERT_TRUE(trip.receive()) << in;
    EXPECT_EQ(trip.body, out);
  }
}

TEST(Lift, HT_16_refuses_forms_of_more_than_one_meaning) {
  for (const char* body : {"card=1&card=2", "card=1&c%61rd=2", "card", "a=1;card=2", "card=%4", "card=%zz", "card=\xff",
                           "card=1&a=%", "card=1 &a", "card=1\r\n"}) {
    Trip trip = form_trip(body);
    EXPECT_TRUE(trip.send()) << body;
  }
}

TEST(Lift, HT_16_a_form_that_was_rewritten_keeps_its_marker_or_is_refused) {
  const std::string m = marker(1);
  for (const std::string& body : {"note=" + m, "card=" + m + "&card=" + m, "card=" + m + "&note=" + m, "card=x" + m,
                                  std::string{"card=1"}, std::string{}, "card=" + m + ";a=1", "card=1&card=" + m}) {
    Trip trip = form_trip("card=4111");
    ASSERT_FALSE(trip.send());
    trip.body = body;
    EXPECT_FALSE(trip.receive()) << body;
  }
  Trip trip = form_trip("card=4111&n=1");
  ASSERT_FALSE(trip.send());
  trip.body = "n=9&card=" + m;
  trip.messages[0] = write_field_message(trip.contexts[0], {.marker = m, .value = "1&admin=1"});
  ASSERT_TRUE(trip.receive());
  EXPECT_EQ(trip.body, "n=9&card=1%26admin%3D1");
}

TEST(Lift, takes_a_header_field_out_and_puts_it_back) {
  Trip trip{.contexts = {field_from("header:x-card")},
            .kind = BodyKind::other,
            .head = {{"a", "1"}, {"x-card", "4111"}, {"b", ""}},
            .body = "unread"};
  const Fields original = trip.head;
  ASSERT_FALSE(trip.send());
  EXPECT_EQ(trip.head[1].value, marker(1));
  EXPECT_EQ(trip.messages, std::vector{"header:x-card string " + marker(1) + "\r\n4111"});
  Trip back = trip;
  ASSERT_TRUE(back.receive());
  EXPECT_EQ(back.head, original);
  EXPECT_EQ(back.body, "unread");

  for (const Fields& head :
       {Fields{}, Fields{{"x-card", "1"}}, Fields{{"x-cards", marker(1)}},
        Fields{{"x-card", marker(1)}, {"x-card", marker(1)}}, Fields{{"x-card", marker(1)}, {"b", "x" + marker(1)}},
        Fields{{"x-card", marker(1)}, {"x-card", "1"}}}) {
    Trip moved = trip;
    moved.head = head;
    EXPECT_FALSE(moved.receive());
  }
  for (const char* value : {"a\r\nhost: b", " a", "a\n", "\x01"}) {  // HT-12
    Trip split = trip;
    split.messages[0] = write_field_message(trip.contexts[0], {.marker = marker(1), .value = value});
    EXPECT_FALSE(split.receive()) << value;
  }
  Trip withheld = trip;
  withheld.messages[0].clear();
  EXPECT_FALSE(withheld.receive());
  Trip twice = {.contexts = trip.contexts, .kind = BodyKind::other, .head = {{"x-card", "1"}, {"x-card", "2"}}};
  EXPECT_TRUE(twice.send());
}

TEST(BodyKind, HT_16_is_told_by_the_head_or_the_request_is_refused) {
  const std::vector contexts = {field_from("json:/card"), field_from("form:card", FieldType::string, "form", 8)};
  struct Case {
    Fields head;
    int kind;  // -1: refused
  };
  const int json = static_cast<int>(BodyKind::json);
  const int form = static_cast<int>(BodyKind::form);
  const int other = static_cast<int>(BodyKind::other);
  for (const auto& [head, kind] : {
           Case{{{"content-type", "application/json"}}, json},
           {{{"content-type", "Application/JSON ; charset=\"UTF-8\""}}, json},
           {{{"content-type", "application/vnd.x+json; v=1; charset=utf-8"}}, json},
           {{{"content-type", "text/json"}, {"content-encoding", "identity"}}, json},
           {{{"content-type", "application/x-www-form-urlencoded; charset=us-ascii"}}, form},
           {{{"content-type", "application/octet-stream"}, {"content-encoding", "gzip"}}, other},
           {{{"content-type", "text/plain; charset=utf-16"}}, other},
           {{}, -1},
           {{{"content-type", "application/json"}, {"content-type", "text/plain"}}, -1},
           {{{"content-type", "application/json"}, {"content-encoding", "gzip"}}, -1},
           {{{"content-type", "application/json"}, {"content-encoding", "identity, br"}}, -1},
           {{{"content-type", "application/json; charset=utf-16"}}, -1},
           {{{"content-type", "application/json; charset=utf-8; charset=utf-7"}}, -1},
           {{{"content-type", "application/json; charset*=utf-16"}}, -1},
           {{{"content-type", "application/json;charset"}}, -1},
           {{{"content-type", "application/json; x=\"; charset=utf-16\""}}, -1},
           {{{"content-type", "multipart/form-data; boundary=x"}}, -1},
       }) {
    BodyKind found{};
    const auto refusal = kind_of_body(contexts, head, found);
    ASSERT_EQ(refusal.has_value(), kind < 0) << (head.empty() ? "" : head[0].value);
    if (kind >= 0) {
      EXPECT_EQ(static_cast<int>(found), kind) << head[0].value;
    }
  }
  BodyKind found{};
  EXPECT_FALSE(kind_of_body({}, {}, found)) << "who lifts nothing looks at nothing";
}

}  // namespace
}  // namespace louver::profile::http1
