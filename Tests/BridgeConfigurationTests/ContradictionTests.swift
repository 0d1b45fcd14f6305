import Testing

@testable import BridgeConfiguration

/// Settings that are right one by one and wrong together.
@Suite struct ContradictionTests {
  struct Case: CustomTestStringConvertible, Sendable {
    var settings: [String]
    var problems: [String]
    var testDescription: String { settings.joined(separator: " ") }
  }

  @Test(arguments: [
    Case(
      settings: ["gateway.request_timeout=10s"],
      problems: [
        "--set gateway.request_timeout: gateway.request_timeout is 10s, but with shutdown.grace_period 25s at most "
          + "9s is allowed (16s of it are kept for the stop); lower it, or raise shutdown.grace_period to 26s"
      ]),
    Case(settings: ["gateway.request_timeout=9s"], problems: []),
    Case(
      settings: ["breaker.probe_base=31s"],
      problems: [
        "--set breaker.probe_base: breaker.probe_base is 31s, longer than breaker.probe_cap 30s"
      ]),
    Case(settings: ["breaker.probe_base=31s", "breaker.probe_cap=31s"], problems: []),
    Case(settings: ["gateway.request_timeout=9001ms", "shutdown.grace_period=25001ms"], problems: []),
    Case(
      settings: ["shutdown.grace_period=20s"],
      problems: [
        "--set shutdown.grace_period: gateway.request_timeout is 8s, but with shutdown.grace_period 20s at most 4s "
          + "is allowed (16s of it are kept for the stop); lower it, or raise shutdown.grace_period to 24s"
      ]),
    Case(
      settings: ["gateway.request_timeout=13s", "shutdown.grace_period=1m", "ambiguous.policy=report"],
      problems: [
        "--set gateway.request_timeout: gateway.request_timeout is 13s, but with ambiguous.policy report it must be "
          + "less than 13s, or the group could give the partition away before the answer"
      ]),
    Case(
      settings: ["gateway.request_timeout=13s", "shutdown.grace_period=1m", "ambiguous.policy=resend"],
      problems: []),
    Case(
      settings: ["gateway.request_timeout=12999ms", "shutdown.grace_period=1m", "ambiguous.policy=report"],
      problems: []),
    Case(
      settings: ["gateway.connect_timeout=8001ms"],
      problems: [
        "--set gateway.connect_timeout: gateway.connect_timeout is 8001ms, longer than gateway.request_timeout 8s"
      ]),
    Case(
      settings: ["retry.cap=100ms"],
      problems: ["--set retry.cap: retry.base is 200ms, longer than retry.cap 100ms"]),
    Case(
      settings: ["input.max_value_bytes=32KiB"],
      problems: [
        "--set input.max_value_bytes: input.max_content_bytes is 64KiB, more than input.max_value_bytes 32KiB"
      ]),
    Case(
      settings: ["limits.buffered_bytes=1MiB", "input.max_value_bytes=2MiB"],
      problems: [
        "--set limits.buffered_bytes: limits.buffered_bytes is 1MiB, less than input.max_value_bytes 2MiB: the "
          + "largest event would not fit"
      ]),
    Case(
      settings: ["outcomes.topic=chat-events"],
      problems: [
        "--set outcomes.topic: outcomes.topic and input.topic are both chat-events; they must differ"
      ]),
    Case(
      settings: ["status.topic=chat-outcomes"],
      problems: [
        "--set status.topic: status.topic and outcomes.topic are both chat-outcomes; they must differ"
      ]),
    Case(
      settings: ["outcomes.delivery=at_least_once", "kafka.static_membership=true"],
      problems: [
        "--set kafka.static_membership: kafka.static_membership is true, but with outcomes.delivery at_least_once "
          + "the worker must be able to leave its group; set it to false"
      ]),
    Case(
      settings: ["gateway.caller.suite_key=s", "gateway.caller.isv_org_id=1"],
      problems: [
        "--set gateway.caller.isv_org_id: gateway.caller.isv_org_id means nothing unless "
          + "gateway.caller.token_grant_type is isv",
        "--set gateway.caller.suite_key: gateway.caller.suite_key means nothing unless "
          + "gateway.caller.token_grant_type is isv",
      ]),
    Case(settings: ["gateway.caller={\"suite_key\":\"s\",\"token_grant_type\":1}"], problems: []),
    // A value that is itself wrong takes no part.
    Case(
      settings: ["gateway.request_timeout=10", "shutdown.grace_period=17s"],
      problems: [
        "--set gateway.request_timeout: gateway.request_timeout is \"10\", which has no unit; a duration is written "
          + "like 500ms, 15s, 2m or 1h"
      ]),
  ])
  func contradictions(_ pair: Case) {
    #expect(Reading(settings: pair.settings).problems() == pair.problems)
  }
}
