/// How an answer is brought to the client.
struct AnswerManner {
  var isGzipped = false
  var isChunked = false
  /// Between two bytes; nil sends as much as the socket takes.
  var dripNanoseconds: Int64?
}
