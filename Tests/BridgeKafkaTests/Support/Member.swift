import BridgeCore
import Foundation
import Glibc

@testable import BridgeKafka

/// A record as a test remembers it.
struct TakenRecord: Equatable {
  var offset: RecordOffset
  var key: String?
  var value: String?
  var headers: [String] = []
}

enum TakenItem: Equatable {
  case record(TakenRecord)
  case end(RecordOffset)

  init(_ item: IntakeItem) {
    switch item {
    case .record(let view):
      self = .record(
        TakenRecord(
          offset: view.offset, key: view.key.map { String(decoding: $0, as: UTF8.self) },
          value: view.value.map { String(decoding: $0, as: UTF8.self) },
          headers: view.headers.map { header in
            let value = header.value.map { String(decoding: $0, as: UTF8.self) } ?? "null"
            return "\(String(decoding: header.name, as: UTF8.self))=\(value)"
          }))
    case .endOfPartition(let offset): self = .end(offset)
    }
  }
}

struct TooLate: Error {}

/// A member of the group, driven as the loop would: it waits on the descriptor, and every wait has an end.
struct Member: ~Copyable {
  static let patience = TimeSpan.seconds(45)

  let membership: GroupMembership
  let notices: KafkaNotices
  var intake: KafkaIntake

  init(_ settings: KafkaSettings, membership: GroupMembership? = nil, subscribes: Bool = true) throws {
    let known = try membership ?? GroupMembership()
    let notices = KafkaNotices()
    var intake = try KafkaIntake(
      settings, partitionCount: KafkaSettings.suggestedPartitionCount, membership: known, notices: notices)
    if subscribes { try intake.subscribe() }
    self.membership = known
    self.notices = notices
    self.intake = consume intake
  }

  /// Waits until a descriptor is readable or a short while is over.
  private func wait() { _ = isWoken(within: .milliseconds(50)) }

  /// Waits for the descriptors alone; false if none was raised in time.
  func isWoken(within span: TimeSpan) -> Bool {
    var entries = [intake.descriptor, intake.recordsDescriptor].map {
      pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
    }
    return poll(&entries, 2, Int32(span.milliseconds)) > 0
  }

  mutating func nextEvent() throws -> MembershipEvent {
    let deadline = MonotonicTime.now + Self.patience
    while MonotonicTime.now < deadline {
      if let event = intake.nextMembershipEvent() { return event }
      wait()
    }
    throw TooLate()
  }

  mutating func nextAssignment() throws -> ([PartitionIndex], Epoch) {
    while true {
      switch try nextEvent() {
      case .assigned(let partitions, let epoch): return (partitions.sorted(), epoch)
      case .revoked, .lost: intake.releaseAssignment()
      case .failed(let fault): throw fault
      }
    }
  }

  /// Takes items of a partition until `isEnough`.
  mutating func take(
    from partition: PartitionIndex, until isEnough: ([TakenItem]) -> Bool
  ) throws -> [TakenItem] {
    let deadline = MonotonicTime.now + Self.patience
    var items: [TakenItem] = []
    while !isEnough(items) {
      guard MonotonicTime.now < deadline else { throw TooLate() }
      if intake.nextMembershipEvent() != nil { throw TooLate() }
      if intake.take(from: partition, upTo: 7, { items.append(TakenItem($0)) }) == 0 { wait() }
    }
    return items
  }

  mutating func leaveGroup() throws {
    intake.leave()
    let deadline = MonotonicTime.now + Self.patience
    while !intake.hasLeft {
      guard MonotonicTime.now < deadline else { throw TooLate() }
      switch intake.nextMembershipEvent() {
      case .revoked, .lost: intake.releaseAssignment()
      case .assigned: intake.start([])
      case .failed(let fault): throw fault
      case nil: wait()
      }
    }
  }
}

extension [TakenItem] {
  var offsets: [RecordOffset] {
    compactMap { item in
      switch item {
      case .record(let record): record.offset
      case .end: nil
      }
    }
  }

  var hasEnd: Bool {
    contains { item in
      switch item {
      case .record: false
      case .end: true
      }
    }
  }
}
