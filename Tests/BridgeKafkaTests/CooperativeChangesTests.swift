import BridgeCore
import Testing

@testable import BridgeKafka

struct CooperativeChangesTests {
  enum Step: Sendable {
    case adding([PartitionIndex])
    case removing([PartitionIndex])
  }

  static let cases: [([Step], [PartitionIndex])] = [
    ([], [0, 1, 2]),
    ([.adding([3])], [0, 1, 2, 3]),
    ([.removing([1])], [0, 2]),
    ([.removing([0, 1, 2])], []),
    ([.adding([3]), .removing([3])], [0, 1, 2]),
    ([.adding([3]), .removing([0, 3])], [1, 2]),
    ([.removing([1]), .adding([1, 4])], [0, 1, 2, 4]),
    ([.adding([2, 3]), .adding([3, 4])], [0, 1, 2, 3, 4]),
  ]

  @Test(arguments: cases)
  func whatIsLeft(_ steps: [Step], _ kept: [PartitionIndex]) {
    var change = AssignmentChange()
    for step in steps {
      switch step {
      case .adding(let partitions): change = change.adding(partitions)
      case .removing(let partitions): change = change.removing(partitions)
      }
    }
    #expect(change.kept(of: [0, 1, 2]).sorted() == kept)
  }
}
