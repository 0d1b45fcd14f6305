import BridgeCore

/// One simulated schedule's time, chance and surroundings. Things happen in the order of their times, nothing happens
/// by itself: the same seed gives the same schedule.
final class World {
  enum Happening {
    case turn(Int)
    case act(() -> Void)
  }

  private struct Item {
    var time: Int64
    var order: Int64
    var happening: Happening
  }

  let plan: SimulationPlan
  /// In microseconds.
  private(set) var now = World.start
  private static let start: Int64 = 1_000_000
  var dice: SplitMix64
  /// No fault happens any more.
  var isCalm = false
  /// No broker answers before this time.
  var outageEnds: Int64 = 0
  private(set) var violations: [String] = []
  private(set) var happeningCount = 0
  private let trace: ((String) -> Void)?
  private var items: [Item] = []
  private var orderCount: Int64 = 0

  init(plan: SimulationPlan, seed: UInt64, trace: ((String) -> Void)?) {
    self.plan = plan
    self.trace = trace
    dice = SplitMix64(seed: seed)
    items.reserveCapacity(128)
  }

  var moment: Moment {
    Moment(
      monotonic: MonotonicTime(microseconds: now),
      wall: WallTime(milliseconds: 1_700_000_000_000 + now / 1_000))
  }

  func upTo(_ bound: Int64) -> Int64 { Int64(dice.next(upTo: UInt64(bound))) }

  /// True in `share` of 1 000 cases, never when it is calm.
  func happens(_ share: UInt64) -> Bool { share > 0 && !isCalm && dice.next(upTo: 999) < share }

  /// Whether the gateway is in this kind of trouble now.
  func has(_ kind: SimulationPlan.Trouble.Kind) -> Bool {
    guard !plan.troubles.isEmpty, !isCalm else { return false }
    return plan.troubles.contains { trouble in
      let start = Self.start + trouble.at.microseconds
      return trouble.kind == kind && now >= start && now < start + trouble.span.microseconds
    }
  }

  func violated(_ invariant: String) {
    note("VIOLATION \(invariant)")
    violations.append(invariant)
  }

  func note(_ text: @autoclosure () -> String) {
    guard let trace else { return }
    let seconds = now / 1_000_000
    let rest = String(now % 1_000_000 + 1_000_000).dropFirst()
    trace("\(seconds).\(rest)  \(text())")
  }

  // MARK: Time

  func after(_ microseconds: Int64, _ act: @escaping () -> Void) {
    schedule(.act(act), at: now + microseconds)
  }

  func schedule(_ happening: Happening, at time: Int64) {
    orderCount += 1
    items.append(Item(time: max(time, now), order: orderCount, happening: happening))
    var child = items.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard Self.isBefore(items[child], items[parent]) else { break }
      items.swapAt(child, parent)
      child = parent
    }
  }

  /// Goes on to the next thing to happen.
  func next() -> Happening? {
    guard !items.isEmpty else { return nil }
    items.swapAt(0, items.count - 1)
    let item = items.removeLast()
    var parent = 0
    while true {
      var smallest = parent
      let left = 2 * parent + 1
      if left < items.count, Self.isBefore(items[left], items[smallest]) { smallest = left }
      if left + 1 < items.count, Self.isBefore(items[left + 1], items[smallest]) { smallest = left + 1 }
      guard smallest != parent else { break }
      items.swapAt(parent, smallest)
      parent = smallest
    }
    now = item.time
    happeningCount += 1
    return item.happening
  }

  /// Closures that wait hold on to everything.
  func forgetAll() { items = [] }

  private static func isBefore(_ left: Item, _ right: Item) -> Bool {
    left.time < right.time || (left.time == right.time && left.order < right.order)
  }
}
