/// What outlives every process of a schedule.
final class SimulatedCluster {
  let input: InputLog
  let group: Group
  let broker: Broker
  let backend: Backend

  init(world: World) {
    input = InputLog(partitionCount: world.plan.partitionCount)
    group = Group(world: world)
    broker = Broker(world: world, input: input, group: group)
    backend = Backend(world: world, broker: broker, group: group, input: input)
  }
}
