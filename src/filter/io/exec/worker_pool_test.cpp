#include "filter/io/exec/worker_pool.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <fstream>
#include <future>
#include <mutex>
#include <nlohmann/json.hpp>

/// Real processes that misbehave: what becomes of the question, and of the next one.
namespace louver::filter::exec {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// Does what the message says.
constexpr const char* worker = R"py(
import json, os, struct, subprocess, sys, time
i, o = sys.stdin.buffer, sys.stdout.buffer
def block():
    head = i.read(4)
    if len(head) < 4: sys.exit(0)
    return i.read(struct.unpack(">I", head)[0])
def frame(header, octets=b""):
    header = json.dumps(header).encode()
    return struct.pack(">I", len(header)) + header + struct.pack(">I", len(octets)) + octets
def say(octets): o.write(octets); o.flush()
while True:
    q = json.loads(block()); order, _, rest = block().decode().partition(" ")
    fine = lambda octets=None: frame({"id": q["id"], "verdict": "pass" if octets is None else "replace"}, octets or b"")
    if order == "crash": os._exit(3)
    if order == "killed": os.kill(os.getpid(), 9)
    if order == "hang": time.sleep(1000)
    if order == "deaf":
        os.close(0); os.close(1); time.sleep(1000)
    if order == "nonsense": say(struct.pack(">I", 4) + b"pass" + struct.pack(">I", 0)); time.sleep(1000)
    if order == "huge": say(b"\xff\xff\xff\xff"); time.sleep(1000)
    if order == "half": say(fine()[:-2]); time.sleep(1000)
    if order == "ahead": say(frame({"id": q["id"] + 1, "verdict": "pass"})); time.sleep(1000)
    if order == "flood":
        while True: say(b"x" * 65536)
    if order == "strays":
        while True: say(frame({"id": 0, "verdict": "pass"}))
    if order == "twice": say(fine(b"first") + frame({"id": q["id"], "verdict": "replace"}, b"second")); continue
    if order == "wait":
        while not os.path.exists(rest): time.sleep(0.01)
    if order == "pid": say(fine(str(os.getpid()).encode())); continue
    if order == "echo": say(fine(rest.encode())); continue
    if order == "world":
        def is_open(fd):
            try: os.fstat(fd); return True
            except OSError: return False
        world = {"fds": [fd for fd in range(256) if is_open(fd)], "env": dict(os.environ), "args": sys.argv[1:], "group": os.getpgid(0) == os.getpid()}
        say(fine(json.dumps(world).encode())); continue
    if order == "grandchild":
        child = subprocess.Popen(["/bin/sleep", "1000"], close_fds=False)
        open(rest, "w").write(str(child.pid)); os.rename(rest, rest + ".done"); os._exit(0)
    if order == "complain": print("it hurts", file=sys.stderr, flush=True)
    say(fine())
)py";

bool lives(pid_t pid) { return ::kill(pid, 0) == 0 || errno != ESRCH; }

class PoolTest : public ::testing::Test {
 protected:
  PoolTest() {
    char name[] = "/tmp/louver-pool-XXXXXX";
    folder = ::mkdtemp(name);
    options.command = {"/usr/bin/python3", "-I", "-S", "-c", worker};
    options.workers = 1;
    options.answer_within = 20s;
    options.first_pause = 1ms;
    options.tell = [this](const PoolOptions::Note& note) {
      const std::scoped_lock lock{mutex};
      notes.push_back({note.kind, std::string{note.text}});
      changed.notify_all();
    };
  }
  ~PoolTest() override {
    pool.reset();
    static_cast<void>(!::system(("rm -r " + folder).c_str()));
  }

  void start() {
    auto made = make_pool(options);
    ASSERT_TRUE(made) << describe(made.error());
    pool = *std::move(made);
  }
  struct Asked {
    std::uint64_t number;
    std::future<Result<ask::Answer>> answer;
  };
  Asked begin(const std::string& order) {
    const auto promise = std::make_shared<std::promise<Result<ask::Answer>>>();
    Asked out{0, promise->get_future()};
    const auto facts = std::make_shared<const ask::Facts>();
    out.number = pool->ask({facts, "request-body", Direction::c2s, Exchange{1}, Grant::write, true, to_buffer(order)},
                           [promise](Result<ask::Answer> answer) { promise->set_value(std::move(answer)); });
    return out;
  }
  static Result<ask::Answer> end(Asked& asked) {
    if (asked.answer.wait_for(30s) != std::future_status::ready) {
      ADD_FAILURE() << "no answer and no failure";
      return Fault::timeout;
    }
    return asked.answer.get();
  }
  /// "pass", "=<octets>" or "! <failure>".
  std::string ask(const std::string& order) {
    Asked asked = begin(order);
    const auto answer = end(asked);
    if (!answer) return "! " + answer.error().detail;
    return answer->judgement == ask::Judgement::pass ? "pass" : "=" + std::string{as_text(answer->octets)};
  }
  bool is_noted(PoolOptions::Note::Kind kind, const std::string& text) {
    std::unique_lock lock{mutex};
    return changed.wait_for(lock, 30s, [&] {
      return std::ranges::any_of(
          notes, [&](const auto& one) { return one.first == kind && one.second.find(text) != std::string::npos; });
    });
  }
  static bool goes_away(pid_t pid) {
    for (const auto until = std::chrono::steady_clock::now() + 30s; std::chrono::steady_clock::now() < until;) {
      if (!lives(pid)) return true;
      ::usleep(1000);
    }
    return false;
  }

  std::string folder;
  PoolOptions options;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::pair<PoolOptions::Note::Kind, std::string>> notes;
  std::shared_ptr<ask::Engine> pool;
};

TEST_F(PoolTest, one_worker_answers_one_question_after_the_other) {
  start();
  std::vector<Asked> asked;
  for (int i = 0; i < 50; ++i) asked.push_back(begin("echo " + std::to_string(i)));
  for (int i = 0; i < 50; ++i) {
    const auto answer = end(asked[static_cast<std::size_t>(i)]);
    ASSERT_TRUE(answer);
    EXPECT_EQ(as_text(answer->octets), std::to_string(i));
  }
}

TEST_F(PoolTest, a_mebibyte_goes_there_and_back) {
  start();
  const std::string big(limits::held_bytes - 5, 'b');
  EXPECT_EQ(ask("echo " + big), "=" + big);
}

// FI-05: whatever a worker does, the question fails with the reason, and the next one is answered.
TEST_F(PoolTest, fi05_a_worker_that_misbehaves_fails_its_question_and_the_next_is_answered) {
  start();
  const std::vector<std::pair<std::string, std::string>> cases = {{"crash", "it ended: exit code 3"},
                                                                  {"killed", "it ended: signal 9"},
                                                                  {"nonsense", "is not one flat JSON"},
                                                                  {"huge", "has a header of 4294967295 octets"},
                                                                  {"flood", "has a header of 2021161080"},
                                                                  {"strays", "it answers what nobody asks"},
                                                                  {"ahead", "it answers what nobody has asked yet"}};
  for (const auto& [order, why] : cases) {
    EXPECT_THAT(ask(order), AllOf(HasSubstr("! the worker failed: "), HasSubstr(why))) << order;
    EXPECT_EQ(ask("echo next"), "=next") << order;
  }
}

TEST_F(PoolTest, fi05_a_worker_that_hangs_is_killed_at_the_deadline) {
  options.answer_within = 1500ms;
  start();
  for (const char* order : {"hang", "deaf", "half"}) {
    std::string pid = ask("pid");
    for (int i = 0; i < 50 && pid[0] != '='; ++i) pid = ask("pid");  // where the machine is slow to start one
    ASSERT_EQ(pid[0], '=') << pid;
    EXPECT_EQ(ask(order), "! the worker failed: it did not answer in time");
    EXPECT_TRUE(goes_away(std::stoi(pid.substr(1)))) << order;
  }
  std::string next = ask("echo next");
  for (int i = 0; i < 50 && next[0] != '='; ++i) next = ask("echo next");
  EXPECT_EQ(next, "=next");
}

// FI-08: a second answer to the question before is not taken for the answer to this one.
TEST_F(PoolTest, fi08_a_late_answer_is_dropped) {
  start();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(ask("twice"), "=first");
    EXPECT_EQ(ask("echo mine"), "=mine");
  }
}

TEST_F(PoolTest, fi08_the_answer_to_a_question_that_was_forgotten_is_dropped) {
  start();
  ASSERT_EQ(ask("pass"), "pass");
  const std::string file = folder + "/go";
  Asked first = begin("wait " + file);
  Asked second = begin("echo mine");
  pool->forget(first.number);
  std::ofstream{file} << "now";
  const auto answer = end(second);
  ASSERT_TRUE(answer);
  EXPECT_EQ(as_text(answer->octets), "mine");
  EXPECT_THROW(static_cast<void>(first.answer.get()), std::future_error) << "an answer to what was forgotten";
}

// FI-08, PR-04: no shell, three descriptors, the configured environment and nothing else, a process group.
TEST_F(PoolTest, fi08_a_worker_finds_three_descriptors_and_a_clean_environment_and_no_shell) {
  const std::vector<std::string> arguments = {
      "$(touch " + folder + "/shell)", "`id`", "; rm -rf x", "a b", "*", "|", "> x"};
  options.command.insert(options.command.end(), arguments.begin(), arguments.end());
  options.environment = {"ONLY=this one"};
  ASSERT_EQ(::setenv("LOUVER_TEST_SECRET", "secret", 1), 0);
  const int leaked = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  start();
  const std::string said = ask("world");
  ::close(leaked);
  ASSERT_EQ(said[0], '=') << said;
  const auto world = nlohmann::json::parse(said.substr(1));
  EXPECT_EQ(world["fds"], (nlohmann::json{0, 1, 2}));
  EXPECT_EQ(world["env"]["ONLY"], "this one");
  EXPECT_FALSE(world["env"].contains("LOUVER_TEST_SECRET"));
  EXPECT_FALSE(world["env"].contains("PATH"));
  EXPECT_EQ(world["args"], nlohmann::json(arguments));
  EXPECT_EQ(world["group"], true);
  EXPECT_NE(::access((folder + "/shell").c_str(), F_OK), 0);
}

// FI-08: a grandchild keeps the pipes; it is killed, and nobody waits for it.
TEST_F(PoolTest, fi08_a_grandchild_that_keeps_the_pipes_dies_with_its_group) {
  start();
  EXPECT_THAT(ask("grandchild " + folder + "/pid"), HasSubstr("it ended: exit code 0"));
  pid_t grandchild = 0;
  std::ifstream{folder + "/pid.done"} >> grandchild;
  ASSERT_GT(grandchild, 0);
  EXPECT_TRUE(goes_away(grandchild));
  EXPECT_EQ(ask("echo next"), "=next");
}

TEST_F(PoolTest, a_worker_that_failed_is_started_again_only_after_a_pause) {
  options.first_pause = 1h;
  options.longest_pause = 1h;
  options.answer_within = 4s;
  start();
  EXPECT_EQ(ask("pass"), "pass");
  EXPECT_THAT(ask("crash"), HasSubstr("it ended"));
  EXPECT_EQ(ask("pass"), "! no worker was free in time");
  const std::scoped_lock lock{mutex};
  EXPECT_EQ(std::ranges::count(notes, PoolOptions::Note::Kind::started, &decltype(notes)::value_type::first), 1);
}

TEST_F(PoolTest, questions_that_wait_are_bounded) {
  options.queue_most = 2;
  start();
  ASSERT_EQ(ask("pass"), "pass");
  const std::string file = folder + "/go";
  std::vector<Asked> asked;
  asked.push_back(begin("wait " + file));
  for (int i = 0; i < 3; ++i) asked.push_back(begin("pass"));
  const auto refused = end(asked.back());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("too many questions"));
  std::ofstream{file} << "now";
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(end(asked[static_cast<std::size_t>(i)]));
}

TEST_F(PoolTest, octets_that_wait_are_bounded) {
  options.queue_octets_most = 100'000;
  start();
  ASSERT_EQ(ask("pass"), "pass");
  const std::string file = folder + "/go";
  Asked first = begin("wait " + file);
  EXPECT_THAT(ask("echo " + std::string(200'000, 'x')), HasSubstr("too many questions"));
  std::ofstream{file} << "now";
  EXPECT_TRUE(end(first));
}

TEST_F(PoolTest, several_workers_work_at_a_time) {
  options.workers = 3;
  start();
  const std::string file = folder + "/go";
  Asked first = begin("wait " + file);
  Asked second = begin("wait " + file);
  EXPECT_EQ(ask("echo meanwhile"), "=meanwhile");
  std::ofstream{file} << "now";
  EXPECT_TRUE(end(first));
  EXPECT_TRUE(end(second));
}

TEST_F(PoolTest, what_a_worker_writes_to_standard_error_is_told) {
  start();
  EXPECT_EQ(ask("complain"), "pass");
  EXPECT_TRUE(is_noted(PoolOptions::Note::Kind::line, "it hurts"));
}

TEST_F(PoolTest, workers_die_with_the_pool) {
  start();
  const std::string pid = ask("pid");
  Asked open = begin("hang");
  pool.reset();
  EXPECT_TRUE(goes_away(std::stoi(pid.substr(1))));
}

TEST_F(PoolTest, refuses_a_program_that_cannot_be_run) {
  const std::string plain = folder + "/plain";
  std::ofstream{plain} << "x";
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{}, {"python3"}, {"/nowhere/x"}, {"/usr/bin"}, {plain}}) {
    options.command = command;
    const auto made = make_pool(options);
    if (command == std::vector<std::string>{plain} && ::access(plain.c_str(), X_OK) == 0) continue;
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().fault, Fault::configuration);
  }
}

TEST_F(PoolTest, a_program_that_never_becomes_a_worker_fails_every_question_in_time) {
  options.command = {"/bin/false"};
  options.answer_within = 300ms;
  start();
  EXPECT_EQ(ask("pass")[0], '!');
  EXPECT_EQ(ask("pass")[0], '!');
  EXPECT_TRUE(is_noted(PoolOptions::Note::Kind::failed, "it ended: exit code 1"));
}

}  // namespace
}  // namespace louver::filter::exec
