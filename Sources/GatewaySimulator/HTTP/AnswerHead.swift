internal import Glibc

/// What the body of an answer is labelled as.
enum AnswerLabel {
  case gatewayJSON, gatewayXML, html, json, jsonLines, plain

  var text: StaticString {
    switch self {
    case .gatewayJSON: "text/javascript;charset=UTF-8"
    case .gatewayXML: "text/xml;charset=UTF-8"
    case .html: "text/html;charset=UTF-8"
    case .json: "application/json"
    case .jsonLines: "application/x-ndjson"
    case .plain: "text/plain;charset=UTF-8"
    }
  }

  /// Labels of the gateway itself come with its own headers.
  var isGateway: Bool {
    switch self {
    case .gatewayJSON, .gatewayXML: true
    case .html, .json, .jsonLines, .plain: false
    }
  }
}

/// What a head says about its answer.
struct AnswerForm {
  var status: Int
  var label: AnswerLabel
  /// Bytes of the body before it is compressed.
  var plainCount: Int
  var isGzipped = false
  var retryAfterSeconds: Int64?
}

/// Writes heads; keeps the `Date` of the current second.
struct AnswerHeadWriter: ~Copyable {
  private var date: [UInt8] = []
  private var dateSecond: Int64 = .min

  /// `bodyCount` as it is sent; nil announces chunks.
  mutating func write(
    _ form: AnswerForm, bodyCount: Int?, closes: Bool, second: Int64, into output: inout Octets
  ) {
    if second != dateSecond {
      date = Self.date(second)
      dateSecond = second
    }
    output.append("HTTP/1.1 ")
    output.append(decimal: Int64(form.status))
    output.append(" ")
    output.append(Self.reason(form.status))
    output.append("\r\nServer: Tengine\r\nDate: ")
    output.append(date)
    output.append("\r\nContent-Type: ")
    output.append(form.label.text)
    if let bodyCount {
      output.append("\r\nContent-Length: ")
      output.append(decimal: Int64(bodyCount))
    } else {
      output.append("\r\nTransfer-Encoding: chunked")
    }
    if form.isGzipped { output.append("\r\nContent-Encoding: gzip") }
    if let seconds = form.retryAfterSeconds {
      output.append("\r\nRetry-After: ")
      output.append(decimal: seconds)
    }
    if form.status / 100 == 3 { output.append("\r\nLocation: /elsewhere") }
    output.append(closes ? "\r\nConnection: close" : "\r\nConnection: keep-alive")
    if form.label.isGateway {
      output.append("\r\nVary: Accept-Encoding\r\ntop-bodylength: ")
      output.append(decimal: Int64(form.plainCount))
      output.append("\r\nApplication-Host: 127.0.0.1\r\nLocation-Host: 127.0.0.1")
    }
    output.append("\r\n\r\n")
  }

  private static func reason(_ status: Int) -> StaticString {
    switch status {
    case 200: "OK"
    case 204: "No Content"
    case 301: "Moved Permanently"
    case 302: "Found"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 407: "Proxy Authentication Required"
    case 408: "Request Timeout"
    case 411: "Length Required"
    case 413: "Content Too Large"
    case 414: "URI Too Long"
    case 425: "Too Early"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Gateway Timeout"
    default: "Status"
    }
  }

  private static func date(_ second: Int64) -> [UInt8] {
    var time = time_t(second)
    var parts = tm()
    gmtime_r(&time, &parts)
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let day = "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)])"
    let clock = "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    return Array("\(day) \(parts.tm_year + 1900) \(clock) GMT".utf8)
  }
}
