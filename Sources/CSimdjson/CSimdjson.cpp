#include "CSimdjson.h"

#include <simdjson.h>

#include <cstring>
#include <deque>
#include <new>
#include <string>
#include <vector>

using namespace simdjson;

// Simdjson's own limit would count scalars; ours counts containers, checked while walking.
struct csimdjson_parser {
  ondemand::parser parser;
  std::vector<char> document;
  std::vector<csimdjson_token> tokens;
  // Names with half a surrogate pair; their addresses stay.
  std::deque<std::string> damaged_names;
  uint32_t depth_limit;
};

namespace {

struct walker {
  csimdjson_parser &state;

  // Appends a token; its index stays valid while the vector grows.
  size_t push(csimdjson_kind kind, const char *key, size_t key_length, uint8_t flags, uint32_t depth) {
    csimdjson_token token = {};
    token.key = key;
    token.key_length = static_cast<uint32_t>(key_length);
    token.kind = static_cast<uint8_t>(kind);
    token.flags = flags;
    token.depth = static_cast<uint16_t>(depth);
    state.tokens.push_back(token);
    return state.tokens.size() - 1;
  }

  void close(size_t index) { state.tokens[index].end = static_cast<uint32_t>(state.tokens.size()); }

  static csimdjson_status status_of(error_code error) {
    switch (error) {
      case SUCCESS: return CSIMDJSON_OK;
      case UTF8_ERROR: return CSIMDJSON_NOT_UTF8;
      case DEPTH_ERROR: return CSIMDJSON_TOO_DEEP;
      case EMPTY: return CSIMDJSON_EMPTY;
      case MEMALLOC: return CSIMDJSON_NO_MEMORY;
      default: return CSIMDJSON_NOT_JSON;
    }
  }

  // RFC 8259 section 6; simdjson checks a number only when it is asked for its value.
  static bool is_number(const char *text, size_t length) {
    size_t at = 0;
    auto digits = [&]() {
      size_t start = at;
      while (at < length && text[at] >= '0' && text[at] <= '9') at++;
      return at > start;
    };
    if (at < length && text[at] == '-') at++;
    if (at < length && text[at] == '0') {
      at++;
    } else if (!digits()) {
      return false;
    }
    if (at < length && text[at] == '.') {
      at++;
      if (!digits()) return false;
    }
    if (at < length && (text[at] == 'e' || text[at] == 'E')) {
      at++;
      if (at < length && (text[at] == '+' || text[at] == '-')) at++;
      if (!digits()) return false;
    }
    return at == length;
  }

  // On-demand leaves white space behind a raw token.
  static std::string_view trimmed(std::string_view raw) {
    while (!raw.empty() && (raw.back() == ' ' || raw.back() == '\t' || raw.back() == '\n' || raw.back() == '\r'))
      raw.remove_suffix(1);
    return raw;
  }

  // A string that cannot be unescaped: a lone surrogate is a fault of the text, anything else one of the document.
  // `raw` stands between the quotes.
  static bool is_only_lone_surrogate(const char *raw, size_t length) {
    auto hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
    for (size_t at = 0; at < length; at++) {
      unsigned char c = static_cast<unsigned char>(raw[at]);
      if (c < 0x20) return false;
      if (c != '\\') continue;
      at++;
      if (at >= length) return false;
      if (raw[at] == 'u') {
        if (at + 4 >= length) return false;
        for (size_t digit = 1; digit <= 4; digit++)
          if (!hex(raw[at + digit])) return false;
        at += 4;
      } else if (std::strchr("\"\\/bfnrt", raw[at]) == nullptr) {
        return false;
      }
    }
    return true;
  }

  // Of a string that is_only_lone_surrogate accepts: every character in UTF-8, half a pair as if it were one.
  static std::string with_halves(const char *raw, size_t length) {
    std::string text;
    auto put = [&](uint32_t scalar) {
      if (scalar < 0x80) {
        text += static_cast<char>(scalar);
      } else if (scalar < 0x800) {
        text += static_cast<char>(0xC0 | scalar >> 6);
        text += static_cast<char>(0x80 | (scalar & 0x3F));
      } else if (scalar < 0x10000) {
        text += static_cast<char>(0xE0 | scalar >> 12);
        text += static_cast<char>(0x80 | (scalar >> 6 & 0x3F));
        text += static_cast<char>(0x80 | (scalar & 0x3F));
      } else {
        text += static_cast<char>(0xF0 | scalar >> 18);
        text += static_cast<char>(0x80 | (scalar >> 12 & 0x3F));
        text += static_cast<char>(0x80 | (scalar >> 6 & 0x3F));
        text += static_cast<char>(0x80 | (scalar & 0x3F));
      }
    };
    auto unit = [&](size_t at) { return static_cast<uint32_t>(std::stoul(std::string(raw + at, 4), nullptr, 16)); };
    for (size_t at = 0; at < length; at++) {
      if (raw[at] != '\\') {
        text += raw[at];
        continue;
      }
      at++;
      if (raw[at] != 'u') {
        const char *letters = "bfnrt", *found = std::strchr(letters, raw[at]);
        text += found == nullptr ? raw[at] : "\b\f\n\r\t"[found - letters];
        continue;
      }
      uint32_t first = unit(at + 1);
      at += 4;
      bool pairs = first >= 0xD800 && first < 0xDC00 && at + 6 < length && raw[at + 1] == '\\' && raw[at + 2] == 'u';
      uint32_t second = pairs ? unit(at + 3) : 0;
      if (second >= 0xDC00 && second < 0xE000) {
        put(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
        at += 6;
      } else {
        put(first);
      }
    }
    return text;
  }

  // The closing quote of the string that starts behind `start`'s opening quote.
  const char *closing_quote(const char *start) const {
    const char *limit = state.document.data() + state.document.size();
    for (const char *at = start; at < limit; at++) {
      if (*at == '\\') {
        at++;
      } else if (*at == '"') {
        return at;
      }
    }
    return nullptr;
  }

  template <typename Value>
  csimdjson_status scalar_string(Value &value, size_t index) {
    std::string_view raw = value.raw_json_token();
    std::string_view text;
    error_code error = value.get_string().get(text);
    if (error == SUCCESS) {
      state.tokens[index].text = text.data();
      state.tokens[index].text_length = static_cast<uint32_t>(text.size());
      return CSIMDJSON_OK;
    }
    if (error != STRING_ERROR) return status_of(error);
    const char *end = closing_quote(raw.data() + 1);
    if (end == nullptr || !is_only_lone_surrogate(raw.data() + 1, static_cast<size_t>(end - raw.data() - 1)))
      return CSIMDJSON_NOT_JSON;
    state.tokens[index].flags |= CSIMDJSON_BAD_TEXT;
    return CSIMDJSON_OK;
  }

  template <typename Value>
  csimdjson_status visit(Value &value, const char *key, size_t key_length, uint8_t flags, uint32_t depth) {
    ondemand::json_type type;
    if (error_code error = value.type().get(type)) return status_of(error);
    switch (type) {
      case ondemand::json_type::object: return object(value, push(CSIMDJSON_OBJECT, key, key_length, flags, depth), depth);
      case ondemand::json_type::array: return array(value, push(CSIMDJSON_ARRAY, key, key_length, flags, depth), depth);
      case ondemand::json_type::string: {
        size_t index = push(CSIMDJSON_STRING, key, key_length, flags, depth);
        close(index);
        return scalar_string(value, index);
      }
      case ondemand::json_type::number: {
        size_t index = push(CSIMDJSON_NUMBER, key, key_length, flags, depth);
        close(index);
        std::string_view raw = trimmed(value.raw_json_token());
        if (!is_number(raw.data(), raw.size())) return CSIMDJSON_NOT_JSON;
        state.tokens[index].text = raw.data();
        state.tokens[index].text_length = static_cast<uint32_t>(raw.size());
        return skip_number(value);
      }
      case ondemand::json_type::boolean: {
        bool truth;
        if (error_code error = value.get_bool().get(truth)) return status_of(error);
        close(push(truth ? CSIMDJSON_TRUE : CSIMDJSON_FALSE, key, key_length, flags, depth));
        return CSIMDJSON_OK;
      }
      case ondemand::json_type::null: {
        std::string_view raw = trimmed(value.raw_json_token());
        if (raw != "null") return CSIMDJSON_NOT_JSON;
        if (!null_at(value)) return CSIMDJSON_NOT_JSON;
        close(push(CSIMDJSON_NULL, key, key_length, flags, depth));
        return CSIMDJSON_OK;
      }
    }
    return CSIMDJSON_NOT_JSON;
  }

  // The iterator moves on by itself when a value was not read; its result does not matter.
  template <typename Value>
  static csimdjson_status skip_number(Value &value) {
    double unused;
    error_code error = value.get_double().get(unused);
    // Any size is accepted: the grammar was checked above.
    (void)error;
    return CSIMDJSON_OK;
  }

  // A document that is null and a blank is none to on-demand: what stands behind it is looked at in read_document.
  static bool null_at(ondemand::value &value) {
    bool is_null = false;
    return !simdjson_result<bool>(value.is_null()).get(is_null) && is_null;
  }

  static bool null_at(ondemand::document &) { return true; }

  template <typename Value>
  csimdjson_status object(Value &value, size_t index, uint32_t depth) {
    if (depth + 1 > state.depth_limit) return CSIMDJSON_TOO_DEEP;
    ondemand::object members;
    if (error_code error = value.get_object().get(members)) return status_of(error);
    for (auto field : members) {
      if (field.error()) return status_of(field.error());
      ondemand::raw_json_string raw;
      if (error_code error = field.key().get(raw)) return status_of(error);
      std::string_view key;
      uint8_t flags = 0;
      if (error_code error = field.unescaped_key().get(key)) {
        const char *end = closing_quote(raw.raw());
        if (error != STRING_ERROR || end == nullptr ||
            !is_only_lone_surrogate(raw.raw(), static_cast<size_t>(end - raw.raw())))
          return CSIMDJSON_NOT_JSON;
        state.damaged_names.push_back(with_halves(raw.raw(), static_cast<size_t>(end - raw.raw())));
        key = state.damaged_names.back();
        flags = CSIMDJSON_BAD_KEY;
      }
      ondemand::value member;
      if (error_code error = field.value().get(member)) return status_of(error);
      csimdjson_status status = visit(member, key.data(), key.size(), flags, depth + 1);
      if (status != CSIMDJSON_OK) return status;
    }
    close(index);
    return CSIMDJSON_OK;
  }

  template <typename Value>
  csimdjson_status array(Value &value, size_t index, uint32_t depth) {
    if (depth + 1 > state.depth_limit) return CSIMDJSON_TOO_DEEP;
    ondemand::array elements;
    if (error_code error = value.get_array().get(elements)) return status_of(error);
    for (auto element : elements) {
      ondemand::value member;
      if (error_code error = std::move(element).get(member)) return status_of(error);
      csimdjson_status status = visit(member, nullptr, 0, 0, depth + 1);
      if (status != CSIMDJSON_OK) return status;
    }
    close(index);
    return CSIMDJSON_OK;
  }
};

}  // namespace

extern "C" csimdjson_parser *csimdjson_parser_new(uint32_t depth_limit) {
  csimdjson_parser *parser = new (std::nothrow) csimdjson_parser();
  if (parser != nullptr) parser->depth_limit = depth_limit;
  return parser;
}

extern "C" void csimdjson_parser_free(csimdjson_parser *parser) { delete parser; }

static csimdjson_status read_document(csimdjson_parser *parser, const void *document, size_t length) {
  try {
    parser->tokens.clear();
    parser->damaged_names.clear();
    if (parser->document.size() < length + SIMDJSON_PADDING)
      parser->document.resize((length + SIMDJSON_PADDING) * 2);
    char *copy = parser->document.data();
    if (length > 0) std::memcpy(copy, document, length);
    std::memset(copy + length, 0, SIMDJSON_PADDING);
    ondemand::document read;
    padded_string_view view(copy, length, parser->document.size());
    if (error_code error = parser->parser.iterate(view).get(read)) return walker::status_of(error);
    walker walk{*parser};
    csimdjson_status status = walk.visit(read, nullptr, 0, 0, 0);
    if (status != CSIMDJSON_OK) return status;
    const csimdjson_token &root = parser->tokens.front();
    // A number too large for the iterator leaves it where it stands: then the token has to be all there is.
    if (root.kind == CSIMDJSON_NUMBER)
      return walker::trimmed(std::string_view(root.text, copy + length - root.text)).size() == root.text_length
                 ? CSIMDJSON_OK
                 : CSIMDJSON_NOT_JSON;
    if (root.kind == CSIMDJSON_NULL) {
      std::string_view text = walker::trimmed(std::string_view(copy, length));
      return text.substr(text.find_first_not_of(" \t\n\r")) == "null" ? CSIMDJSON_OK : CSIMDJSON_NOT_JSON;
    }
    // Out of bounds: nothing but white space follows.
    return read.current_location().error() == OUT_OF_BOUNDS ? CSIMDJSON_OK : CSIMDJSON_NOT_JSON;
  } catch (const std::bad_alloc &) {
    return CSIMDJSON_NO_MEMORY;
  } catch (...) {
    return CSIMDJSON_NOT_JSON;
  }
}

extern "C" csimdjson_status csimdjson_read(csimdjson_parser *parser, const void *document, size_t length) {
  csimdjson_status status = read_document(parser, document, length);
  // A fault of the text may hide one of its bytes behind it; the bytes come first.
  bool is_text_fault = status == CSIMDJSON_NOT_JSON || status == CSIMDJSON_TOO_DEEP;
  return is_text_fault && !csimdjson_is_utf8(document, length) ? CSIMDJSON_NOT_UTF8 : status;
}

extern "C" const csimdjson_token *csimdjson_tokens(const csimdjson_parser *parser) { return parser->tokens.data(); }

extern "C" uint32_t csimdjson_token_count(const csimdjson_parser *parser) {
  return static_cast<uint32_t>(parser->tokens.size());
}

extern "C" int csimdjson_is_utf8(const void *text, size_t length) {
  return validate_utf8(static_cast<const char *>(text), length) ? 1 : 0;
}
