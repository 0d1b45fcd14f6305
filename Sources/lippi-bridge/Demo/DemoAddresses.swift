/// Where the parts of a demonstration are reached, and what to do with them.
struct DemoAddresses {
  let servers: String
  let isMock: Bool
  /// Of the gateway simulator, `http://127.0.0.1:PORT/router/rest`.
  let url: String

  private var base: Substring { url.dropLast("/router/rest".count) }

  var description: String {
    """
    Kafka    \(servers)\(isMock ? " (a mock inside this process)" : "")
    gateway  \(url)
    stats    \(base)/_stats

    """
  }

  func nextSteps(input: String, result: String) -> String {
    """

    The line goes on until Ctrl-C. Try, in another terminal:
      send an event    echo 's1:{"message_id":"mine","sid":"s1","session_source":"demo","bu_id":"100","content_type":"text","content":"hello"}' | kcat -P -b \(servers) -t \(input) -K:
      read outcomes    kcat -C -b \(servers) -t \(result) -X isolation.level=read_committed -o beginning
      refuse the next  curl -d '{"kind":"answer","code":50,"sub_code":"isv.invalid-parameter","count":1,"delivered":false}' \(base)/_fault
      ban for 10 s     curl -d '{"kind":"ban","seconds":10}' \(base)/_fault
      gateway's view   curl \(base)/_stats
    """
  }
}
