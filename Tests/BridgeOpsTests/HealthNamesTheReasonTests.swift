import BridgeCore
import Testing

@testable import BridgeOps

@Suite struct HealthNamesTheReasonTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var reason: StallReason?
    var waiting = Samples.waiting(since: 80)
    var change: @Sendable (inout WorkerSnapshot) -> Void = { _ in }
    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(name: "paused", reason: .pause) { $0.line = Samples.halted(.paused) },
    Case(name: "braked", reason: .brake) { $0.line = Samples.halted(.braked) },
    Case(name: "halted", reason: .halt) { $0.line = Samples.halted(.halted) },
    Case(name: "banned", reason: .ban) { $0.line = Samples.halted(.banned) },
    Case(name: "breaker", reason: .breaker) { $0.line = Samples.halted(.breakerOpen) },
    Case(
      name: "not started", reason: .notStarted,
      waiting: Samples.waiting(since: 99, .undecided(.foreignOffset))),
    Case(
      name: "not started while halted", reason: .notStarted,
      waiting: Samples.waiting(since: 99, .undecided(.damagedRecoveryLog))
    ) { $0.line = Samples.halted(.halted) },
    Case(
      name: "predecessor", reason: .predecessorTransaction,
      waiting: Samples.waiting(since: 90, .recovering, unresolved: 0)),
    Case(name: "recovering shortly", reason: nil, waiting: Samples.waiting(since: 98, .recovering)),
    Case(
      name: "broker gone while recovering", reason: .brokerGone,
      waiting: Samples.waiting(since: 99, .recovering)
    ) {
      $0.broker.answeredAt = Samples.moment(80).monotonic
    },
    Case(name: "broker gone", reason: .brokerGone) {
      $0.broker.answeredAt = Samples.moment(94).monotonic
      $0.broker.hasFailedSince = true
    },
    Case(name: "no answer for a moment", reason: .slowLane) {
      $0.broker.answeredAt = Samples.moment(94).monotonic
    },
    Case(name: "never an answer", reason: .brokerGone) {
      $0.broker.answeredAt = nil
      $0.broker.hasFailedSince = true
    },
    Case(name: "batch under way too long", reason: .committerStuck) {
      $0.batchSince = Samples.moment(94).monotonic
    },
    Case(name: "outcome refused", reason: .committerStuck) { $0.waitsForRefusedOutcome = true },
    Case(
      name: "outcomes wait", reason: .committerStuck,
      waiting: Samples.waiting(since: 80, unresolved: 0, unpublished: 4)),
    Case(
      name: "start position is not taken", reason: .committerStuck,
      waiting: Samples.waiting(since: 80, .starting, unresolved: 0)),
    Case(name: "gateway gone", reason: .gatewayUnreachable, waiting: Samples.waiting(since: 99)) {
      $0.gateway.isUnreachable = true
    },
    Case(
      name: "nothing visible", reason: .inputTransaction, waiting: Samples.waiting(since: 80, unresolved: 0)),
    Case(name: "one conversation", reason: .slowLane),
    Case(name: "at work", reason: nil, waiting: Samples.waiting(since: 97)),
    Case(name: "nothing waits", reason: nil, waiting: PartitionSnapshot(partition: 0, stage: .reading)) {
      $0.batchSince = Samples.moment(1).monotonic
    },
  ]

  @Test(arguments: cases)
  func aReasonFromAClosedList(_ one: Case) {
    let report = HealthReport(
      Samples.snapshot([one.waiting], one.change), stalledAfter: .seconds(60), at: Samples.moment(100))
    #expect(report.partitions.first?.reason == one.reason)
    #expect(one.reason.map { report.reasons.contains($0) } ?? true)
    #expect(report.status == .healthy)
  }

  /// Whatever the reason is, and also if none is known.
  @Test(arguments: cases.filter { $0.waiting.waitingSince != nil })
  func redAfterTheLimitAndNotBefore(_ one: Case) throws {
    let since = try #require(one.waiting.waitingSince)
    for (seconds, status) in [(29, HealthReport.Status.healthy), (30, .stalled), (3_000, .stalled)] {
      let now = Samples.moment(since.microseconds / 1_000_000 + Int64(seconds))
      let snapshot = Samples.snapshot([one.waiting]) {
        one.change(&$0)
        $0.takenAt = now
      }
      #expect(HealthReport(snapshot, stalledAfter: .seconds(30), at: now).status == status)
    }
  }

  @Test func everyReasonIsTried() {
    let tried = Set(Self.cases.compactMap(\.reason)).union([.loopBlocked, .noAssignment])
    #expect(tried == Set(StallReason.allCases))
  }

  @Test func aLoopThatStandsStillIsRedThoughNothingWaits() {
    let snapshot = Samples.snapshot()
    #expect(HealthReport(snapshot, stalledAfter: .seconds(60), at: Samples.moment(109)).status == .healthy)
    let report = HealthReport(snapshot, stalledAfter: .seconds(60), at: Samples.moment(110))
    #expect(report.status == .stalled)
    #expect(report.reasons.contains(.loopBlocked))
  }

  @Test func withoutAssignment() {
    let snapshot = Samples.snapshot { $0.unassignedSince = Samples.moment(92).monotonic }
    let report = HealthReport(snapshot, stalledAfter: .seconds(60), at: Samples.moment(100))
    #expect(report.status == .healthy)
    #expect(report.reasons == [.noAssignment])
    let later = Samples.snapshot(takenAt: 152) { $0.unassignedSince = Samples.moment(92).monotonic }
    #expect(HealthReport(later, stalledAfter: .seconds(60), at: Samples.moment(152)).status == .stalled)
  }

  @Test func aMemberWithoutPartitionsIsHealthy() {
    let report = HealthReport(Samples.snapshot(), stalledAfter: .seconds(60), at: Samples.moment(100))
    #expect(report.status == .healthy)
    #expect(report.reasons.isEmpty)
  }

  @Test func nothingIsGreenBeforeTheFirstSnapshot() {
    #expect(HealthReport(nil, stalledAfter: .seconds(60), at: Samples.moment(1)).status == .starting)
  }
}
