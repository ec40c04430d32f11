#include "profile/http1/error_answer.h"

#include "base/bytes.h"

namespace louver::profile::http1 {

ErrorAnswer make_error_answer(unsigned status, std::string_view reason) {
  ErrorAnswer out;
  out.body = "louver: " + printable(reason) + "\n";
  out.head.status = status;
  out.head.reason = reason_phrase(status);
  out.head.fields = {{"content-type", "text/plain; charset=us-ascii"},
                     {"x-content-type-options", "nosniff"},
                     {"cache-control", "no-store"}};
  // RFC 9110 §15.5.6 asks for it; every other method is carried too
  if (status == 405) out.head.fields.push_back({"allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"});
  out.head.content_length = out.body.size();
  return out;
}

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 451:
      return "Unavailable For Legal Reasons";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

}  // namespace louver::profile::http1
