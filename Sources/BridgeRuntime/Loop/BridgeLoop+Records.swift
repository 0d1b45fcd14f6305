import BridgeCore
import ChatEvents

extension BridgeLoop where Intake: ~Copyable, Gateway: ~Copyable, Committing: ~Copyable {
  /// Takes records of every partition that has room for them.
  func takeRecords(at now: Moment) {
    hasMoreRecords = false
    guard phase == .running, engine.wantsRecords(at: now.monotonic) else { return }
    for slot in 0..<engine.partitionCount {
      let partition = engine.partition(at: slot)
      guard intake.mayHaveRecords(partition) else { continue }
      let room = engine.room(in: slot, outcomeByteCount: outbox.bytes.count)
      guard room > 0 else { continue }
      let taken = intake.take(from: partition, upTo: room) { item in
        switch item {
        case .record(let record): take(record, in: slot, at: now)
        case .endOfPartition(let offset): engine.endOfPartitionReached(offset, in: slot)
        }
      }
      if taken == room { hasMoreRecords = true }
    }
  }

  private func take(_ record: RecordView, in slot: Int, at now: Moment) {
    let index = slots.take { RecordSlot() }
    guard let ticket = engine.recordArrived(record.offset, in: slot, index: index, at: now) else {
      slots.giveBack(index)
      return
    }
    slots[index].reset()
    slots[index].timestamp = record.timestamp
    path.decoder.decode(record, into: &slots[index].event)
    tally.eventTaken(keyDiffers: slots[index].event.keyDiffersFromSid)
    engine.recordDecoded(
      ticket, lane: slots[index].event.lane, isValid: slots[index].event.isValid,
      byteCount: slots[index].event.text.count, caller: slots[index].event.callerKey,
      timestamp: slots[index].timestamp, deadline: slots[index].event.expiresAt, at: now)
  }
}
