import BridgeCore
import Glibc

@testable import BridgeKafka

/// Recovery logs of these tests are `<token>:<filling>`.
func tokenOfTestMetadata(_ metadata: [UInt8]) -> WriterToken? {
  let parts = String(decoding: metadata, as: UTF8.self).split(separator: ":")
  guard parts.count == 2, let counter = UInt32(parts[0]) else { return nil }
  return WriterToken(process: 7, counter: counter)
}

func testMetadata(_ counter: UInt32, length: Int = 40) -> [UInt8] {
  let start = Array("\(counter):".utf8)
  return start + (0..<length - start.count).map { UInt8(ascii: "A") + UInt8(truncatingIfNeeded: $0 % 26) }
}

extension CommitBatch {
  /// One partition, `outcomeCount` outcomes.
  static func test(
    _ counter: UInt32, previous: UInt32? = nil, partition: PartitionIndex = 0, epoch: Epoch,
    committing offset: RecordOffset, outcomeCount: Int = 0, metadataLength: Int = 40
  ) -> CommitBatch {
    var bytes = ByteBuffer()
    var outcomes: [OutcomeEntry] = []
    for number in 0..<outcomeCount {
      let key = number == 0 ? TextRange.absent : bytes.store(text: "key-\(number)")
      let value = bytes.store(text: "outcome-\(counter)-\(number)")
      let headersStart = bytes.count
      "ce_type".withHeaderBytes { name in
        "delivered".withHeaderBytes { HeaderBlock.append(name: name, value: $0, to: &bytes) }
      }
      let headers = TextRange(start: headersStart, count: bytes.count - headersStart)
      outcomes.append(
        OutcomeEntry(
          partition: partition, epoch: epoch, offset: RecordOffset(number), key: key, value: value,
          headers: headers))
    }
    return CommitBatch(
      token: WriterToken(process: 7, counter: counter),
      partitions: [
        PartitionCommit(
          partition: partition, epoch: epoch, committedOffset: offset,
          metadata: testMetadata(counter, length: metadataLength),
          previousToken: previous.map { WriterToken(process: 7, counter: $0) })
      ], outcomes: outcomes, bytes: bytes.withBytes { Array($0) })
  }
}

extension ByteBuffer {
  fileprivate mutating func store(text: String) -> TextRange {
    let start = count
    append(text: text)
    return TextRange(start: start, count: count - start)
  }
}

extension String {
  fileprivate func withHeaderBytes(_ use: (UnsafeRawBufferPointer) -> Void) {
    Array(utf8).withUnsafeBytes { use($0) }
  }
}

/// A member and its committer, driven as the loop would.
struct Worker: ~Copyable {
  var member: Member
  var committer: KafkaCommitter
  /// What happened in the group while an answer was waited for.
  var events: [MembershipEvent] = []

  /// Prepares the committer first, then joins.
  init(_ settings: KafkaSettings) throws {
    let membership = try GroupMembership()
    var member = try Member(settings, membership: membership, subscribes: false)
    var committer = try KafkaCommitter(
      settings, membership: membership, notices: member.notices, tokenOf: tokenOfTestMetadata)
    try committer.prepare(timeout: .seconds(30))
    try member.intake.subscribe()
    self.member = consume member
    self.committer = consume committer
  }

  mutating func nextAnswer() throws -> CommittingAnswer {
    let deadline = MonotonicTime.now + Member.patience + Member.patience
    while MonotonicTime.now < deadline {
      if let answer = committer.nextAnswer() { return answer }
      if let event = member.intake.nextMembershipEvent() {
        events.append(event)
        switch event {
        case .lost: member.intake.releaseAssignment()
        case .assigned, .revoked, .failed: break
        }
      }
      var entries = [
        pollfd(fd: committer.descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: member.intake.descriptor, events: Int16(POLLIN), revents: 0),
      ]
      poll(&entries, 2, 50)
    }
    while let notice = member.notices.next() { print("notice:", notice) }
    throw TooLate()
  }

  mutating func recover(_ partitions: [PartitionIndex], _ epoch: Epoch) throws -> [RecoveredPartition] {
    committer.recover(partitions, epoch: epoch)
    switch try nextAnswer() {
    case .recovery(let answer): return answer.epoch == epoch ? answer.partitions : []
    case .batch: throw TooLate()
    case .failed(let fault): throw fault
    }
  }

  mutating func commit(_ batch: consuming CommitBatch) throws -> CommitAnswer {
    committer.submit(batch)
    switch try nextAnswer() {
    case .batch(let answer): return answer
    case .recovery: throw TooLate()
    case .failed(let fault): throw fault
    }
  }

  mutating func stop() -> Bool { committer.stop(deadline: .now + .seconds(5)) }
}
