import BridgeCore
import CRdKafka

/// The producer of outcomes with the handle of its topic.
struct OutcomeProducer: ~Copyable {
  let client: ClientHandle
  private let topic: OpaquePointer

  /// How long one transaction call runs before it is asked whether there is reason to go on.
  static let callSlice: Int32 = 2_000
  /// A call that may be made again is given up after this time: the broker's own limit has passed twice.
  static let callLimit = KafkaTimes.transactionTimeout + KafkaTimes.transactionTimeout

  init(_ settings: KafkaSettings, notices: KafkaNotices) throws(FatalFault) {
    let client = try settings.makeProducer(observer: ClientObserver(notices: notices))
    guard let topic = rd_kafka_topic_new(client.raw, settings.resultTopic, nil) else {
      throw FatalFault(.configuration, "The result topic's name \(settings.resultTopic) was refused.")
    }
    self.client = consume client
    self.topic = topic
  }

  deinit {
    // What is still in here belongs to a batch whose fate is decided elsewhere.
    rd_kafka_purge(client.raw, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
    rd_kafka_topic_destroy(topic)
  }

  var hasUnansweredRequest: Bool { client.observer.hasUnansweredTransactionRequest }

  /// At an abort the library forgets that a request which adds partitions or offsets is out; if that one then fails,
  /// be it that the client is destroyed, an assertion ends the process (`txn_req_cnt > 0`, seen with 2.0.2 and 2.16).
  /// So no abort while this is true: a new producer ends the transaction as well.
  var forbidsAbort: Bool { client.observer.isAddingToTransaction }

  /// Serves delivery reports and errors.
  borrowing func poll(milliseconds: Int32 = 0) { rd_kafka_poll(client.raw, milliseconds) }

  // MARK: transaction calls; each blocks, and asks `goesOn` from time to time

  /// Ends what a predecessor, or an older producer of our own, left open.
  borrowing func initialize(while goesOn: () -> Bool) -> KafkaFailure? {
    call(while: goesOn) { rd_kafka_init_transactions($0, Self.callSlice) }
  }

  borrowing func begin(while goesOn: () -> Bool) -> KafkaFailure? {
    call(while: goesOn) { rd_kafka_begin_transaction($0) }
  }

  /// Adds the recovery logs to the transaction, as the member that the credentials were captured from.
  borrowing func sendOffsets(
    _ commits: [PartitionCommit], of topic: String, as credentials: [UInt8], while goesOn: () -> Bool
  ) -> KafkaFailure? {
    let offsets = PartitionList(topic: topic, commits)
    let sent = GroupCredentials.withMetadata(of: credentials) { metadata in
      call(while: goesOn) {
        rd_kafka_send_offsets_to_transaction($0, offsets.raw, metadata, Self.callSlice)
      }
    }
    guard let sent else { return KafkaFailure(.fatal, "the group metadata cannot be read") }
    return sent
  }

  borrowing func commit(while goesOn: () -> Bool) -> KafkaFailure? {
    call(while: goesOn) { rd_kafka_commit_transaction($0, Self.callSlice) }
  }

  borrowing func abort(while goesOn: () -> Bool) -> KafkaFailure? {
    call(while: goesOn) { rd_kafka_abort_transaction($0, Self.callSlice) }
  }

  /// Makes a call, again while it says that it may be made again.
  private borrowing func call(
    while goesOn: () -> Bool, _ body: (OpaquePointer) -> OpaquePointer?
  ) -> KafkaFailure? {
    let deadline = MonotonicTime.now + Self.callLimit
    while true {
      guard let failure = KafkaFailure(consuming: body(client.raw)) else { return nil }
      guard failure.allowsAnotherCall, goesOn(), MonotonicTime.now < deadline else { return failure }
      // Some say "again" at once.
      poll(milliseconds: 20)
    }
  }

  /// Puts every outcome of the batch into the queue; says what went wrong with the first that could not be.
  borrowing func produce(_ batch: CommitBatch, while goesOn: () -> Bool) -> KafkaFailure? {
    _ = client.observer.takeDeliveryFailure()
    let token = BatchToken(batch.token)
    return batch.bytes.withUnsafeBytes { bytes in
      for (index, outcome) in batch.outcomes.enumerated() {
        if let failure = produce(outcome, index, in: bytes, token, while: goesOn) {
          client.observer.recordFailed(failure.code, outcome: index)
          return failure
        }
        // Frees what has been delivered meanwhile.
        if index & 255 == 255 { poll() }
      }
      return nil
    }
  }

  private borrowing func produce(
    _ outcome: OutcomeEntry, _ index: Int, in bytes: UnsafeRawBufferPointer, _ token: borrowing BatchToken,
    while goesOn: () -> Bool
  ) -> KafkaFailure? {
    let deadline = MonotonicTime.now + Self.callLimit
    while true {
      let headers = Self.headers(bytes.part(outcome.headers), token)
      let failure = enqueue(outcome, index, in: bytes, headers: headers)
      guard let failure else { return nil }
      rd_kafka_headers_destroy(headers)
      guard failure.code == .queueFull, goesOn(), MonotonicTime.now < deadline else { return failure }
      poll(milliseconds: 20)
    }
  }

  /// Takes the headers over if it succeeds.
  private borrowing func enqueue(
    _ outcome: OutcomeEntry, _ index: Int, in bytes: UnsafeRawBufferPointer, headers: OpaquePointer?
  ) -> KafkaFailure? {
    withUnsafeTemporaryAllocation(of: rd_kafka_vu_t.self, capacity: 7) { items -> KafkaFailure? in
      items.initialize(repeating: rd_kafka_vu_t())
      items[0].vtype = RD_KAFKA_VTYPE_RKT
      items[0].u.rkt = topic
      items[1].vtype = RD_KAFKA_VTYPE_PARTITION
      items[1].u.i32 = outcome.partition
      items[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS
      items[2].u.i = RD_KAFKA_MSG_F_COPY
      items[3].vtype = RD_KAFKA_VTYPE_HEADERS
      items[3].u.headers = headers
      items[4].vtype = RD_KAFKA_VTYPE_OPAQUE
      items[4].u.ptr = UnsafeMutableRawPointer(bitPattern: index + 1)
      let value = bytes.part(outcome.value)
      items[5].vtype = RD_KAFKA_VTYPE_VALUE
      items[5].u.mem.ptr = UnsafeMutableRawPointer(mutating: value.baseAddress)
      items[5].u.mem.size = value.count
      var count = 6
      if outcome.key.isPresent {
        let key = bytes.part(outcome.key)
        items[6].vtype = RD_KAFKA_VTYPE_KEY
        items[6].u.mem.ptr = UnsafeMutableRawPointer(mutating: key.baseAddress)
        items[6].u.mem.size = key.count
        count = 7
      }
      return KafkaFailure(consuming: rd_kafka_produceva(client.raw, items.baseAddress, count))
    }
  }

  private static func headers(_ block: UnsafeRawBufferPointer, _ token: borrowing BatchToken)
    -> OpaquePointer?
  {
    // All that an outcome carries, so that the list need not grow.
    let headers = rd_kafka_headers_new(16)
    HeaderBlock.forEach(in: block) { name, value in
      rd_kafka_header_add(
        headers, name.bindMemory(to: CChar.self).baseAddress, name.count, value.baseAddress, value.count)
    }
    token.withDigits { digits in
      let name = BatchToken.headerName
      _ = name.withUTF8Buffer { name in
        name.withMemoryRebound(to: CChar.self) {
          rd_kafka_header_add(headers, $0.baseAddress, $0.count, digits.baseAddress, digits.count)
        }
      }
    }
    return headers
  }

  /// Waits until every record is delivered or has failed; false if that did not come to an end.
  borrowing func flush(while goesOn: () -> Bool) -> Bool {
    let deadline = MonotonicTime.now + Self.callLimit + KafkaTimes.transactionTimeout
    while rd_kafka_flush(client.raw, Self.callSlice) != RD_KAFKA_RESP_ERR_NO_ERROR {
      guard goesOn(), MonotonicTime.now < deadline else { return false }
    }
    return true
  }

  /// The first record of the last batch that failed after it was produced.
  borrowing func deliveryFailure() -> ClientObserver.DeliveryFailure? {
    client.observer.takeDeliveryFailure()
  }
}

/// The batch's token as outcomes carry it: 16 hexadecimal digits.
struct BatchToken {
  static let headerName: StaticString = "bridge_batch"
  private let digits: [UInt8]

  init(_ token: WriterToken) {
    let number = UInt64(token.process) << 32 | UInt64(token.counter)
    digits = (0..<16).map { position in
      let digit = UInt8(truncatingIfNeeded: number >> UInt64(60 - 4 * position)) & 15
      return digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
    }
  }

  func withDigits(_ use: (UnsafeRawBufferPointer) -> Void) { digits.withUnsafeBytes { use($0) } }
}

extension UnsafeRawBufferPointer {
  /// The bytes of `range`. Absent is empty, but never without an address: to Kafka that would be a null.
  fileprivate func part(_ range: TextRange) -> UnsafeRawBufferPointer {
    guard range.isPresent, range.count > 0 else { return Self.emptyPart }
    precondition(range.end <= count, "a range lies inside the batch that it was made for")
    return UnsafeRawBufferPointer(rebasing: self[range.start..<range.end])
  }

  private static var emptyPart: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: 8), count: 0)
  }
}
