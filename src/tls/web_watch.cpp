#include "tls/web_watch.h"

#include <algorithm>

#include "base/limits.h"
#include "tls/web_verify.h"

namespace louver::tls {
namespace {

WebWatch& web_watch_of(const SSL* ssl) { return *static_cast<WebWatch*>(SSL_get_app_data(ssl)); }

}  // namespace

struct WebWatch::Callbacks {
  static int verify(X509_STORE_CTX* handshake, void*) {
    const auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(handshake, SSL_get_ex_data_X509_STORE_CTX_idx()));
    WebWatch& watch = web_watch_of(ssl);
    watch.fault_ = verify_web_server(watch.context_, handshake, watch.now_);
    return watch.fault_ ? 0 : 1;
  }

  static void note(int sent, int, int content_type, const void* data, std::size_t size, SSL* ssl, void*) {
    if (sent == 0) web_watch_of(ssl).on_received(content_type, {static_cast<const std::byte*>(data), size});
  }

  static int server_name(SSL* ssl, int* alert, void*) {
    if (web_watch_of(ssl).on_server_name(*ssl)) return SSL_TLSEXT_ERR_OK;
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }

  static int protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                      unsigned size, void*) {
    for (std::string_view rest = as_text(std::as_bytes(std::span{offered, size})); !rest.empty();) {
      const std::size_t length = static_cast<unsigned char>(rest.front());  // the library has checked the list
      if (rest.substr(1, length) == http_alpn) {
        *out = offered + (size - rest.size()) + 1;
        *out_size = static_cast<unsigned char>(length);
        return SSL_TLSEXT_ERR_OK;
      }
      rest.remove_prefix(std::min(1 + length, rest.size()));
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
};

void WebWatch::attach_server(SSL_CTX* ssl) {
  SSL_CTX_callback_ctrl(ssl, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                        reinterpret_cast<void (*)()>(Callbacks::server_name));  // as the library's macro has it
  SSL_CTX_set_alpn_select_cb(ssl, Callbacks::protocol, nullptr);
}

/// The certificate is that of the name that the client asks for, if it is served here (SECURITY HT-18).
bool WebWatch::on_server_name(SSL& ssl) {
  const char* asked = SSL_get_servername(&ssl, TLSEXT_NAMETYPE_host_name);
  std::string name = asked != nullptr ? std::string{asked} : context_.name;
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (!context_.leaves->has(name)) {
    const std::string what = asked == nullptr ? "no server" : "\"" + printable(name, 64) + "\", which is not in hosts";
    fault_ = Error{Fault::certificate_name, "the client asks for " + what};
    return false;
  }
  if (auto shown = context_.leaves->show(ssl, name, now_); !shown) {
    fault_ = std::move(shown).error();
    return false;
  }
  return true;
}

void WebWatch::attach(SSL_CTX* ssl) {
  SSL_CTX_set_cert_verify_callback(ssl, Callbacks::verify, nullptr);
  SSL_CTX_set_msg_callback(ssl, Callbacks::note);
}

/// Session tickets come unasked and are of no use to us; KeyUpdates are answered. Both are borne, not in floods.
void WebWatch::on_received(int content_type, Bytes message) {
  if (message.empty() || !established_) return;
  const int type = std::to_integer<int>(message.front());
  if (content_type == SSL3_RT_HANDSHAKE && (type == SSL3_MT_HELLO_REQUEST || type == SSL3_MT_CLIENT_HELLO))
    return stop({Fault::tls_parameters, "the peer asks for a renegotiation, which is not done"});
  if (content_type == SSL3_RT_HANDSHAKE && ++idle_messages_ > limits::key_updates) {
    return stop({Fault::limit_exceeded, "the peer sent more than " + std::to_string(limits::key_updates) +
                                            " session tickets and KeyUpdates in a row"});
  }
  const bool is_header = content_type == SSL3_RT_INNER_CONTENT_TYPE && type == SSL3_RT_APPLICATION_DATA;
  if (is_header && ++idle_records_ > limits::empty_tls_records) {
    stop({Fault::limit_exceeded,
          "the peer sent more than " + std::to_string(limits::empty_tls_records) + " empty records in a row"});
  }
}

void WebWatch::stop(Error error) {
  fault_ = std::move(error);
  pipe_.stop();
}

}  // namespace louver::tls
