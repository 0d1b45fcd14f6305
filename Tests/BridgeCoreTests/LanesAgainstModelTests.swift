import Testing

@testable import BridgeCore

@Suite struct LanesAgainstModelTests {
  private struct Lane {
    var tickets: [Int32] = []
    var isHeld = false
    /// Of the table, once it has had a head.
    var number: Int32 = -1
  }

  @Test func randomCourses() {
    let seed = UInt64.random(in: 0..<1 << 48)
    print("lanes against model: seed \(seed)")
    var dice = SplitMix64(seed: seed)
    for _ in 0..<200 { course(&dice) }
  }

  private func course(_ dice: inout SplitMix64) {
    func upTo(_ bound: Int) -> Int { Int(dice.next(upTo: UInt64(bound))) }
    var table = LaneTable()
    var tickets: [TicketState] = []
    var lanes: [UInt64: Lane] = [:]
    for _ in 0..<300 {
      let key = UInt64(upTo(6))
      switch upTo(2) {
      case 0:
        let ticket = Int32(tickets.count)
        tickets.append(TicketState())
        let hasTurn = table.append(ticket, to: LaneKey(hash: key), tickets: &tickets)
        #expect(hasTurn == (lanes[key] == nil))
        lanes[key, default: Lane()].tickets.append(ticket)
        lanes[key]!.number = tickets[Int(ticket)].lane
      case 1:
        guard var lane = lanes[key], !lane.isHeld else { continue }
        lane.tickets.removeFirst()
        if upTo(1) == 0 {
          table.holdAfterHead(of: lane.number, tickets: tickets)
          lane.isHeld = true
          lanes[key] = lane
        } else {
          #expect(table.removeHead(of: lane.number, tickets: tickets) == lane.tickets.first)
          lanes[key] = lane.tickets.isEmpty ? nil : lane
        }
      default:
        guard var lane = lanes[key], lane.isHeld else { continue }
        #expect(table.release(lane.number) == lane.tickets.first)
        lane.isHeld = false
        lanes[key] = lane.tickets.isEmpty ? nil : lane
      }
      #expect(table.openCount == lanes.values.count { !$0.isHeld })
    }
  }
}
