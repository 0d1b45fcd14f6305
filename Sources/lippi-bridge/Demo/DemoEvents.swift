/// Sample events of every content type, some of them faulty, and what the gateway is told to do with some.
struct DemoEvents {
  /// The header that names an event, readable or not; copied to its outcome.
  static let header = "lippi-demo-event"

  struct Event {
    var id: String
    var conversation: String
    var value: String
  }

  private static let samples: [(type: String, content: String)] = [
    ("text", "Hello, where is my parcel? 📦"), ("image", #"{\"url\":\"https://example.com/broken-cup.jpg\"}"#),
    ("video", #"{\"url\":\"https://example.com/unboxing.mp4\",\"seconds\":12}"#),
    ("link", #"{\"title\":\"My order\",\"url\":\"https://example.com/orders/17\"}"#),
    ("voice", #"{\"url\":\"https://example.com/question.amr\",\"seconds\":5}"#),
    ("markdown", "**Please** call me back"),
    ("action_card", #"{\"title\":\"Refund?\",\"buttons\":[\"yes\",\"no\"]}"#),
    ("rich_text", "你好，我的包裹在哪里？ 😀"), ("file", #"{\"name\":\"invoice.pdf\",\"bytes\":48213}"#),
    ("read", "m-000001"),
  ]

  let events: [Event]
  /// Bodies for the simulator's `POST /_fault`.
  let faults: [String]

  /// `run`: makes ids unique; `seed`: decides which conversation says what.
  init(count: Int, seed: UInt64, run: String) {
    var chance = seed &* 2 &+ 1
    var events: [Event] = []
    var faults: [String] = []
    for number in 0..<count {
      chance = chance &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let conversation = "session-\(chance >> 33 & 7)"
      let id = "\(run)-\(number)"
      let sample = Self.samples[number % Self.samples.count]
      var members =
        #""event_id":"\#(id)","message_id":"\#(id)","sid":"\#(conversation)","session_source":"demo","bu_id":"100","content_type":"\#(sample.type)","content":"\#(sample.content)""#
      switch number % 20 {
      case 4:
        members =
          #""event_id":"\#(id)","message_id":"\#(id)","sid":"\#(conversation)","content":"","content_type":11"#
      case 9:
        faults.append(
          #"{"kind":"answer","code":50,"sub_code":"isv.invalid-parameter","sub_msg":"非法参数","message_id":"\#(id)","delivered":false}"#
        )
      case 13:
        faults.append(
          #"{"kind":"answer","code":15,"sub_code":"isp.top-remote-connection-error","count":2,"message_id":"\#(id)","delivered":false}"#
        )
      case 16:
        faults.append(
          #"{"kind":"close","when":"after_read","count":1,"message_id":"\#(id)","delivered":true}"#)
      case 18:
        faults.append(#"{"kind":"answer","result_code":"400001","message_id":"\#(id)","delivered":false}"#)
      default: break
      }
      let isTorn = number % 20 == 7
      events.append(
        Event(
          id: id, conversation: conversation, value: isTorn ? #"{"message_id":"\#(id)","# : "{\(members)}"))
    }
    self.events = events
    self.faults = faults
  }
}
