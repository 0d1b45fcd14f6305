import BridgeCore
import Foundation
import Glibc
import Synchronization
import Testing

@testable import BridgeKafka

@Suite struct AnswersAreToldTests {
  /// Whoever takes answers is often awake already when one comes. A signal that is raised for nobody would never let it
  /// sleep again.
  @Test func noSignalStaysRaisedForAnAnswerThatWasTaken() throws {
    let desk = try CommitterDesk()
    let rounds = Rounds()
    Thread.detachNewThread {
      for round in 1...Rounds.count {
        rounds.wait(for: round * 2 - 1)
        desk.answer(.failed(FatalFault(.stuck, "of this round")))
        rounds.reached(round * 2)
      }
    }
    var staleCount = 0
    for round in 1...Rounds.count {
      rounds.reached(round * 2 - 1)
      while desk.nextAnswer() == nil {}
      rounds.wait(for: round * 2)
      var entry = pollfd(fd: desk.answers.descriptor, events: Int16(POLLIN), revents: 0)
      if poll(&entry, 1, 0) != 0 { staleCount += 1 }
    }
    #expect(staleCount == 0)
  }

  /// Two threads in turns, as close to each other as can be.
  private final class Rounds: Sendable {
    static let count = 20_000
    private let state = Atomic<Int>(0)

    func reached(_ step: Int) { state.store(step, ordering: .releasing) }
    func wait(for step: Int) { while state.load(ordering: .acquiring) < step {} }
  }
}
