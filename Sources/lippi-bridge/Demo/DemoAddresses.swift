/// Where the parts of a demonstration are reached, and what to do with them.
struct DemoAddresses {
  /// Shown: the demonstration keeps no secrets.
  static let adminToken = "demo"

  let servers: String
  let isMock: Bool
  /// Of the gateway simulator, `http://127.0.0.1:PORT/router/rest`.
  let url: String

  /// Of the worker; nil without.
  var admin: String?

  private var base: Substring { url.dropLast("/router/rest".count) }

  var description: String {
    """
    Kafka    \(servers)\(isMock ? " (a mock inside this process)" : "")
    gateway  \(url)
    stats    \(base)/_stats
    worker   \(admin.map { "http://\($0)/health and /metrics" } ?? "not reached")

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
      is it healthy    lippi-bridge health --url http://\(admin ?? "")
      stop the line    LIPPI_BRIDGE_ADMIN_TOKEN=\(Self.adminToken) lippi-bridge pause --url http://\(admin ?? "") --reason 'having a look'
      let it go on     LIPPI_BRIDGE_ADMIN_TOKEN=\(Self.adminToken) lippi-bridge resume --url http://\(admin ?? "")
    """
  }
}
