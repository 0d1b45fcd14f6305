/// What an admin request is answered with.
struct AdminAnswer {
  enum ContentType {
    case json, metrics, text

    var name: StaticString {
      switch self {
      case .json: "application/json; charset=utf-8"
      case .metrics: "text/plain; version=0.0.4; charset=utf-8"
      case .text: "text/plain; charset=utf-8"
      }
    }
  }

  var status: UInt32
  var contentType = ContentType.text
  var body: [UInt8]
  /// With status 405.
  var allow: StaticString?
  /// With status 401.
  var challenges = false

  static func text(_ status: UInt32, _ sentence: String) -> AdminAnswer {
    AdminAnswer(status: status, body: Array("\(sentence)\n".utf8))
  }
}
