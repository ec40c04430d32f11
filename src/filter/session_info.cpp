#include "filter/session_info.h"

namespace louver::filter {

std::string session_id_text(const wire::AssociationId& association, SessionNumber number) {
  return to_hex(Bytes{association}.first(8)) + "/" + std::to_string(raw(number));
}

}  // namespace louver::filter
