#include "rogue/agreement_model.h"

namespace louver::rogue::model {
namespace {

constexpr int nobody = 255;

struct View {
  const Grants& g;
  int direction;
  int context;  // from 0

  int last() const { return g.middleboxes + 1; }
  bool is_end(int p) const { return p == 0 || p == last(); }
  int grant(int p) const { return is_end(p) || context < 0 ? 0 : g.at(direction, context, p); }
  /// a comes before b on the way of the data.
  bool before(int a, int b) const { return direction == 0 ? a < b : a > b; }
  bool between(int a, int x, int b) const { return before(a, x) && before(x, b); }
  bool produces(int p) const { return is_end(p) || grant(p) == 4; }
  bool reads(int p) const { return !is_end(p) && grant(p) >= 1 && grant(p) <= 3; }
  bool witnesses(int p) const { return !is_end(p) && (grant(p) == 2 || grant(p) == 3); }

  /// Two that produce, with nobody between them who does.
  bool segment(int author, int sink) const {
    if (!produces(author) || !produces(sink) || !before(author, sink)) return false;
    for (int x = 0; x <= last(); ++x) {
      if (between(author, x, sink) && produces(x)) return false;
    }
    return true;
  }
  bool has_reader(int author, int sink) const {
    for (int x = 1; x < last(); ++x) {
      if (between(author, x, sink) && reads(x)) return true;
    }
    return false;
  }
  /// The sink of the segment in which p, no producer, stands.
  bool ends_at(int p, int sink) const {
    for (int author = 0; author <= last(); ++author) {
      if (segment(author, sink) && between(author, p, sink)) return true;
    }
    return false;
  }
};

bool is_party(const Grants& g, int p) { return p >= 0 && p <= g.middleboxes + 1; }

}  // namespace

bool holds(const Grants& g, int party, const wire::ItemName& name) {
  const int from = name.from, to = name.to, verifier = name.verifier;
  if (name.direction > 1 || !is_party(g, from) || !is_party(g, to) || !is_party(g, party)) return false;
  const View way{g, name.direction, name.context - 1};
  const bool of_context = name.context >= 1 && name.context <= g.contexts;
  switch (name.kind) {
    case 1:  // read: author, sink, the readers between
      return of_context && verifier == nobody && way.segment(from, to) &&
             (party == from || party == to || (way.between(from, party, to) && way.reads(party)));
    case 2:  // verify: author and that verifier; verifiers are the readers and the sink, if there is a reader
      return of_context && way.segment(from, to) && way.has_reader(from, to) &&
             (verifier == to || (is_party(g, verifier) && way.between(from, verifier, to) && way.reads(verifier))) &&
             (party == from || party == verifier);
    case 3:  // redact: redactor and that verifier; verifiers are the readers behind it and the sink
      return of_context && !way.is_end(from) && way.grant(from) == 3 && way.ends_at(from, to) &&
             (verifier == to || (is_party(g, verifier) && way.between(from, verifier, to) && way.reads(verifier))) &&
             (party == from || party == verifier);
    case 4:  // witness: inspector or redactor, and the sink
      return of_context && verifier == nobody && way.witnesses(from) && way.ends_at(from, to) &&
             (party == from || party == to);
    case 5:  // hop: neighbours in this direction
      return name.context == 0 && verifier == nobody && to - from == (name.direction == 0 ? 1 : -1) &&
             (party == from || party == to);
    case 7:  // join: the endpoints
      return name.context == 0 && verifier == nobody && name.direction == 0 && from == 0 && to == g.middleboxes + 1 &&
             (party == from || party == to);
    default:  // 6 and 8: no audit here
      return false;
  }
}

std::vector<wire::ItemName> held_by(const Grants& g, int party) {
  std::vector<wire::ItemName> out;
  const int last = g.middleboxes + 1;
  for (int kind = 0; kind <= 9; ++kind) {
    for (int direction = 0; direction <= 1; ++direction) {
      for (int context = 0; context <= g.contexts; ++context) {
        for (int from = 0; from <= last; ++from) {
          for (int to = 0; to <= last; ++to) {
            for (int v = 0; v <= last + 1; ++v) {
              const int verifier = v <= last ? v : nobody;
              const wire::ItemName name{static_cast<std::uint8_t>(kind),    static_cast<std::uint8_t>(direction),
                                        static_cast<std::uint8_t>(context), static_cast<std::uint8_t>(from),
                                        static_cast<std::uint8_t>(to),      static_cast<std::uint8_t>(verifier)};
              if (holds(g, party, name)) out.push_back(name);
            }
          }
        }
      }
    }
  }
  return out;
}

}  // namespace louver::rogue::model
