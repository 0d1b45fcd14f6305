import BridgeCore
import Foundation
import Testing

@testable import BridgeOps

@Suite struct StatusRecordsTests {
  private func whats(_ changes: [StatusChange]) -> [StatusWhat] { changes.map(\.what) }

  @Test func everyStateOfTheLineIsTold() {
    let told: [(LineStatus.State, StatusWhat)] = [
      (.halted, .halted), (.running, .resumed), (.banned, .banned), (.running, .resumed),
      (.breakerOpen, .breakerOpened), (.running, .breakerClosed), (.braked, .braked), (.paused, .paused),
      (.running, .resumed),
    ]
    var changes = StatusChanges()
    #expect(whats(changes.next(Samples.snapshot(), at: Samples.moment(100))) == [.started])
    for (state, what) in told {
      let snapshot = Samples.snapshot { $0.line = Samples.halted(state) }
      #expect(whats(changes.next(snapshot, at: Samples.moment(101))) == [what])
      #expect(changes.next(snapshot, at: Samples.moment(101)).isEmpty)
    }
  }

  @Test func partitionsComeStopAndGo() {
    var changes = StatusChanges()
    func next(_ partitions: [PartitionSnapshot]) -> [StatusChange] {
      changes.next(Samples.snapshot(partitions), at: Samples.moment(100))
    }
    #expect(whats(next([PartitionSnapshot(partition: 3, stage: .recovering)])) == [.started])
    let started = next([PartitionSnapshot(partition: 3, stage: .reading)])
    #expect(whats(started) == [.partitionStarted])
    #expect(started.first?.partition == 3)
    #expect(
      whats(next([PartitionSnapshot(partition: 3, stage: .undecided(.takenOver))])) == [.partitionStopped])
    #expect(whats(next([PartitionSnapshot(partition: 3, stage: .reading)])) == [.partitionStarted])
    #expect(whats(next([])) == [.partitionStopped])
    #expect(next([]).isEmpty)
  }

  @Test func aHeartbeatEveryFifteenSeconds() {
    var changes = StatusChanges()
    var beats: [Int64] = []
    for second in 100...160 {
      let found = changes.next(Samples.snapshot(takenAt: Int64(second)), at: Samples.moment(Int64(second)))
      if whats(found) == [.heartbeat] { beats.append(Int64(second)) }
    }
    #expect(beats == [115, 130, 145, 160])
  }

  @Test func aRecordHasEveryMember() throws {
    let snapshot = Samples.snapshot([Samples.waiting(2, since: 10)]) {
      $0.line = Samples.halted(.halted)
    }
    let change = StatusChange(
      what: .halted, since: Samples.moment(90).wall, code: 25, subCode: "a\"b", nextStep: "do")
    let bytes = change.json(Samples.identity, snapshot, at: Samples.moment(100))
    let record = try #require(try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    #expect(
      Set(record.keys) == [
        "schema", "what", "instance", "version", "at", "since", "state", "code", "sub_code", "next_step",
        "partition",
        "partitions",
      ])
    #expect(record["schema"] as? String == "lippi-status/v1")
    #expect(record["sub_code"] as? String == "a\"b")
    let partition = try #require((record["partitions"] as? [[String: Any]])?.first)
    #expect(Set(partition.keys) == ["partition", "committed", "end", "unresolved", "oldest_at", "reason"])
    #expect(partition["reason"] as? String == "halt")
    #expect(partition["unresolved"] as? Int == 10)
  }
}
