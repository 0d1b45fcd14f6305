/// What the decoder has to know.
package struct EventSettings: Sendable {
  /// The input topic; part of a made-up `event_id`.
  package var topic: String
  /// Larger values are not parsed.
  package var valueByteLimit = 1_024 * 1_024
  /// UTF-8 bytes of `content` after unescaping; exactly the limit passes.
  package var contentByteLimit = 64 * 1_024
  package var caller = ConfiguredCaller()
  /// Header names that outcomes carry on, besides traceparent and tracestate.
  package var copiedHeaderNames: [String] = []
  /// Where members are found that the events do not have under their own names.
  package var mapping = EventMapping.identity

  package init(topic: String) { self.topic = topic }
}

/// `gateway.caller`: the members of `ly_ding_open_para_dto` that every event gets unless it brings its own.
package struct ConfiguredCaller: Sendable {
  package var corpID: String?
  package var orgID: Int64?
  /// 0 enterprise, 1 ISV.
  package var tokenGrantType: Int64?
  package var isvOrgID: Int64?
  package var suiteKey: String?

  package init() {}
}
