import BridgeCore
import CRdKafka
import Synchronization

/// A configuration in the making.
struct ClientConfiguration: ~Copyable {
  let raw: OpaquePointer

  init() { raw = rd_kafka_conf_new() }

  deinit { rd_kafka_conf_destroy(raw) }

  /// Sets a property that every supported version knows, or that people wrote down themselves.
  borrowing func set(_ name: String, _ value: String) throws(FatalFault) {
    var reason = [CChar](repeating: 0, count: 512)
    guard rd_kafka_conf_set(raw, name, value, &reason, reason.count) == RD_KAFKA_CONF_OK else {
      throw FatalFault(.configuration, "Kafka property \(name) was refused: \(Self.text(reason)).")
    }
  }

  /// Sets a property that only some versions know.
  borrowing func setIfKnown(_ name: String, _ value: String) {
    rd_kafka_conf_set(raw, name, value, nil, 0)
  }

  /// Makes the client. `observer` hears from it until the handle is gone.
  consuming func makeClient(_ kind: rd_kafka_type_t, observer: ClientObserver) throws(FatalFault)
    -> ClientHandle
  {
    let version = rd_kafka_version()
    if Self.refusedVersions.contains(version >> 8) {
      _ = consume self
      throw FatalFault(
        .configuration,
        "librdkafka \(String(cString: rd_kafka_version_str())) loses records; install another version.")
    }
    observer.attach(to: raw)
    var reason = [CChar](repeating: 0, count: 512)
    let client = rd_kafka_new(kind, raw, &reason, reason.count)
    // The client owns the configuration now. If there is none the library has freed the interceptors in it, and
    // would free them again: the rest is left behind.
    discard self
    guard let client else {
      throw FatalFault(.configuration, "The Kafka client was refused: \(Self.text(reason)).")
    }
    return ClientHandle(raw: client, observer: observer)
  }

  /// 2.5.0 and 2.10.0, as the library writes them.
  private static let refusedVersions: Set<Int32> = [0x02_05_00, 0x02_0a_00]

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// A client of Kafka and, for a consumer, the one queue of all that is not a record: errors, and what happens in the
/// group. Leaving a group, or finishing what is in a producer, is done before it goes, or not at all.
struct ClientHandle: ~Copyable {
  let raw: OpaquePointer
  let observer: ClientObserver
  /// Nil for a producer: its queue is served by polling it.
  private let events: OpaquePointer?

  fileprivate init(raw: OpaquePointer, observer: ClientObserver) {
    self.raw = raw
    self.observer = observer
    guard let group = rd_kafka_queue_get_consumer(raw), let main = rd_kafka_queue_get_main(raw) else {
      events = nil
      return
    }
    // Not the group's own queue: closing asks for a queue to forward that one to.
    events = rd_kafka_queue_new(raw)
    rd_kafka_queue_forward(main, events)
    rd_kafka_queue_forward(group, events)
    rd_kafka_queue_destroy(main)
    rd_kafka_queue_destroy(group)
  }

  deinit {
    guard finishClosing() else {
      // The handle stays, and what it reports to: only the end of the process gets rid of them.
      _ = Unmanaged.passRetained(observer)
      return
    }
    // An event that is left in the queue keeps its partition alive, and `destroy` would wait for that for ever.
    if let events { rd_kafka_queue_destroy(events) }
    // Closing a consumer in here would wait for rebalance events that nobody polls any more.
    rd_kafka_destroy_flags(raw, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
  }

  /// Raises `signal` when an event comes into the empty queue.
  borrowing func raiseAtEvents(_ signal: borrowing WakeSignal) {
    guard let events else { return }
    var one: UInt64 = 1
    rd_kafka_queue_io_event_enable(events, signal.descriptor, &one, 8)
  }

  /// Calls `visit` with the next event, if there is one, and frees it.
  borrowing func nextEvent<Result>(_ visit: (OpaquePointer) -> Result) -> Result? {
    guard let events, let event = rd_kafka_queue_poll(events, 0) else { return nil }
    defer { rd_kafka_event_destroy(event) }
    return visit(event)
  }

  /// Commits offsets as the member of the group; the end comes as an event.
  borrowing func commit(_ offsets: borrowing PartitionList) -> KafkaCode {
    KafkaCode(rd_kafka_commit_queue(raw, offsets.raw, events, nil, nil))
  }

  /// Starts to leave the group; what happens on the way comes as events.
  borrowing func closeIntoEvents() -> KafkaFailure? {
    let failure = KafkaFailure(consuming: rd_kafka_consumer_close_queue(raw, events))
    if failure == nil { observer.isClosing.store(true, ordering: .releasing) }
    return failure
  }

  /// The group was left, or never joined.
  var isClosed: Bool { rd_kafka_consumer_closed(raw) == 1 }

  /// A close that has begun comes to its end first: `destroy` would cancel the request to leave, and then wait for its
  /// answer for ever. False if it does not end.
  private borrowing func finishClosing() -> Bool {
    guard observer.isClosing.load(ordering: .acquiring), let events else { return true }
    let deadline = MonotonicTime.now + Self.closeLimit
    while !isClosed {
      guard MonotonicTime.now < deadline else { return false }
      // Whatever still waits for an answer gets one.
      unassignAll()
      if let event = rd_kafka_queue_poll(events, 50) { rd_kafka_event_destroy(event) }
    }
    return true
  }

  /// Gives up what is being read, and answers whatever assignment or revocation waits for an answer.
  borrowing func unassignAll() {
    guard isCooperative else {
      rd_kafka_assign(raw, nil)
      return
    }
    var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
    if !KafkaCode(rd_kafka_assignment(raw, &list)).isSuccess || list == nil {
      list = rd_kafka_topic_partition_list_new(1)
    }
    defer { rd_kafka_topic_partition_list_destroy(list) }
    // While the group is being left it may not be taken any more; then the other one is.
    if KafkaFailure(consuming: rd_kafka_incremental_unassign(raw, list)) != nil { rd_kafka_assign(raw, nil) }
  }

  /// Reads these partitions beside those that are being read; with none it answers an assignment that waits for it.
  borrowing func assignFurther(_ partitions: borrowing PartitionList) -> KafkaFailure? {
    KafkaFailure(consuming: rd_kafka_incremental_assign(raw, partitions.raw))
  }

  /// The group hands out and takes away single partitions. False before it is joined, and after.
  var isCooperative: Bool {
    guard let name = rd_kafka_rebalance_protocol(raw) else { return false }
    return String(cString: name) == "COOPERATIVE"
  }

  /// Longer than the group's coordinator takes to answer, shorter than anybody waits for the process.
  private static let closeLimit = TimeSpan.seconds(5)

  /// Reports the errors of a client whose events are nothing else.
  borrowing func reportEvents() {
    while true {
      let notice = nextEvent { event in
        KafkaNotice(
          .warning, "kafka client error", code: KafkaCode(rd_kafka_event_error(event)).name,
          detail: rd_kafka_event_error_string(event).map { String(cString: $0) })
      }
      guard let notice else { return }
      observer.notices.post(notice)
    }
  }

  /// Code and sentence of the error after which the client does nothing any more.
  borrowing func fatalFailure() -> KafkaFailure? {
    var text = [CChar](repeating: 0, count: 512)
    let code = KafkaCode(rd_kafka_fatal_error(raw, &text, text.count))
    guard !code.isSuccess else { return nil }
    let sentence = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    var failure = KafkaFailure(code, sentence)
    failure.isFatal = true
    return failure
  }
}
