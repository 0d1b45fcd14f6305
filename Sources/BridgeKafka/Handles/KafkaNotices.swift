package import BridgeCore
import Synchronization

/// Something that people may want to read in the log. The text is constant; what varies stands in the fields.
package struct KafkaNotice: Sendable {
  package enum Level: UInt8, Sendable { case note, warning, error }

  package var level: Level
  package var text: StaticString
  /// Kafka's name of the error, for example `_TRANSPORT`.
  package var code: String?
  package var partition: PartitionIndex?
  /// The client library's own words; never record content, never a secret.
  package var detail: String?

  package init(
    _ level: Level, _ text: StaticString, code: String? = nil, partition: PartitionIndex? = nil,
    detail: String? = nil
  ) {
    self.level = level
    self.text = text
    self.code = code
    self.partition = partition
    self.detail = detail
  }
}

/// Notices on their way to the log, from whatever thread. When nobody fetches them the newest are dropped and counted.
package final class KafkaNotices: Sendable {
  package static let waitingLimit = 256

  private struct Waiting {
    var notices: [KafkaNotice] = []
    var droppedCount = 0
  }
  private let waiting = Mutex(Waiting())
  /// Looked at every turn of the loop, so the common answer "none" takes no lock.
  private let waitingCount = Atomic<Int>(0)

  package init() {}

  package func post(_ notice: KafkaNotice) {
    waiting.withLock { state in
      guard state.notices.count < Self.waitingLimit else {
        state.droppedCount += 1
        return
      }
      state.notices.append(notice)
      waitingCount.store(state.notices.count, ordering: .releasing)
    }
  }

  package func next() -> KafkaNotice? {
    guard waitingCount.load(ordering: .acquiring) > 0 else { return nil }
    return waiting.withLock { state in
      guard !state.notices.isEmpty else { return nil }
      let first = state.notices.removeFirst()
      waitingCount.store(state.notices.count, ordering: .releasing)
      return first
    }
  }

  /// Notices that were not kept.
  package var droppedCount: Int { waiting.withLock { $0.droppedCount } }
}
