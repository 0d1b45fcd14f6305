package import BridgeCore

/// One decoded record, valid or not: what the request and the outcome need of it. Made once per slot and reused, so
/// that its buffer keeps its memory.
package struct ChatEvent: ~Copyable {
  /// Every text of the event, in no particular order.
  package var text = ByteBuffer(capacity: 1_024)
  package var message = ChatMessage()
  /// Never absent after decoding.
  package var eventID = TextRange.absent
  /// The record's key, byte for byte; absent for a null key.
  package var key = TextRange.absent
  package var lane = LaneKey(hash: 0)
  /// The key is present and differs from sid.
  package var keyDiffersFromSid = false
  /// The CloudEvents attribute `expirytime`.
  package var expiresAt: WallTime?
  package var warnings: EventWarnings = []
  /// At most `EventProblem.listLimit`, in document order, missing members last; empty for a valid event.
  package var problems: [EventProblem] = []
  /// All problems, listed or not.
  package var problemCount = 0
  /// `traceparent`, `tracestate` and the configured `outcomes.copy_headers`, in the record's order.
  package var copiedHeaders: [CopiedHeader] = []
  package var redrive = RedriveOrigin()
  /// Header `lippi-may-duplicate`: an earlier record of this event may have been delivered.
  package var mayDuplicate = false
  /// Where each member came from, if the decoder was asked to say it.
  package var origins: [MemberOrigin] = []

  package init() {}

  package var isValid: Bool { problemCount == 0 }

  /// Forgets the record, keeps the memory up to `memoryLimit` bytes.
  package mutating func reset(memoryLimit: Int = 64 * 1_024) {
    text.shrink(ifOver: memoryLimit)
    message = ChatMessage()
    eventID = .absent
    key = .absent
    lane = LaneKey(hash: 0)
    keyDiffersFromSid = false
    expiresAt = nil
    warnings = []
    problemCount = 0
    if !problems.isEmpty { problems = [] }
    if !copiedHeaders.isEmpty { copiedHeaders = [] }
    redrive = RedriveOrigin()
    mayDuplicate = false
    if !origins.isEmpty { origins = [] }
  }
}

/// Headers `lippi-redrive-id`, `-of` and `-by`: which event a record repeats, and on whose behalf.
package struct RedriveOrigin: Sendable {
  package var id = TextRange.absent
  package var of = TextRange.absent
  package var by = TextRange.absent

  package init() {}

  package var isPresent: Bool { id.isPresent || of.isPresent || by.isPresent }
}

/// A header that goes from the record to its outcome.
package struct CopiedHeader: Sendable {
  package var name: TextRange
  package var value: TextRange
  package init(name: TextRange, value: TextRange) {
    self.name = name
    self.value = value
  }
}

/// Where the value of a member was found, in words for people: `pointer /data/sid`, `header x-tenant`.
package struct MemberOrigin: Sendable {
  package var member: EventMember
  package var place: String
  package init(_ member: EventMember, _ place: String) {
    self.member = member
    self.place = place
  }
}

/// What was odd about a valid event; outcomes list the names.
package struct EventWarnings: OptionSet, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// isv_org_id and suite_key mean nothing without token_grant_type 1.
  package static let isvMembersDropped = EventWarnings(rawValue: 1)

  package var names: [StaticString] { contains(.isvMembersDropped) ? ["isv_members_dropped"] : [] }
}
