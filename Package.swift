// swift-tools-version: 6.2
import PackageDescription

/// One set of compiler settings for every Swift target.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),  // SE-0335
  .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
  .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
  .treatAllWarnings(as: .error),  // SE-0480
  .unsafeFlags(
    ["-cross-module-optimization", "-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

/// A folder of `Sources` and what it may import. Arrows only go down this list.
func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ subject: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: subject + "Tests", dependencies: [.byName(name: subject)] + dependencies,
    swiftSettings: settings)
}

let package = Package(
  name: "lippi-bridge",
  products: [.executable(name: "lippi-bridge", targets: ["lippi-bridge"])],
  targets: [
    .systemLibrary(
      name: "CRdKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
    .systemLibrary(
      name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(
      name: "CCrypto", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CYaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CMicrohttpd", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
    .systemLibrary(name: "CLinux"),
    .target(
      name: "CSimdjson", cxxSettings: [.unsafeFlags(["-O2"])],
      linkerSettings: [.linkedLibrary("simdjson"), .linkedLibrary("stdc++")]),

    library("BridgeCore", []),
    library("ChatEvents", ["BridgeCore", "CSimdjson"]),
    library("LippiAPI", ["BridgeCore", "ChatEvents", "CCrypto", "CSimdjson"]),
    library("Outcomes", ["BridgeCore", "CCrypto"]),
    library("BridgeKafka", ["BridgeCore", "CRdKafka", "CLinux"]),
    library(
      "ResultTopic", ["BridgeCore", "ChatEvents", "Outcomes", "BridgeKafka", "CSimdjson"]),
    library("BridgeHTTP", ["BridgeCore", "CCurl", "CLinux", "CZlib"]),
    library("BridgeRuntime", ["BridgeCore", "ChatEvents", "LippiAPI", "Outcomes"]),
    library("BridgeConfiguration", ["CYaml"]),
    library("BridgeOps", ["BridgeCore", "CMicrohttpd", "CSimdjson"]),
    library("GatewaySimulator", ["CCrypto", "CSimdjson", "CLinux", "CZlib"]),
    .target(
      name: "BridgeTesting",
      dependencies: ["BridgeCore", "BridgeRuntime", "ChatEvents", "LippiAPI", "Outcomes"],
      swiftSettings: settings),
    .executableTarget(
      name: "lippi-bridge",
      dependencies: [
        "BridgeCore", "ChatEvents", "LippiAPI", "Outcomes", "BridgeKafka", "ResultTopic", "BridgeHTTP",
        "BridgeRuntime", "BridgeConfiguration", "BridgeOps", "GatewaySimulator", "CLinux", "CSimdjson",
      ],
      swiftSettings: settings),

    .executableTarget(
      name: "lippi-simulate", dependencies: ["BridgeCore", "BridgeTesting"], swiftSettings: settings),

    tests("BridgeCore"),
    tests("ChatEvents", ["BridgeCore"]),
    tests("LippiAPI", ["BridgeCore", "ChatEvents"]),
    tests("Outcomes", ["BridgeCore"]),
    tests("BridgeKafka", ["BridgeCore"]),
    tests("ResultTopic", ["BridgeCore"]),
    tests("BridgeHTTP", ["BridgeCore", "CZlib"]),
    tests("BridgeRuntime", ["BridgeCore", "BridgeTesting"]),
    tests("BridgeConfiguration", ["BridgeKafka"]),
    tests("BridgeOps", ["BridgeCore"]),
    tests("GatewaySimulator", ["CCrypto", "CZlib"]),
  ],
  cxxLanguageStandard: .cxx17
)

// Needs the fuzzer's run-time library, which no other build links: only `./dev fuzz` asks for it.
if Context.environment["LIPPI_BRIDGE_FUZZ"] != nil {
  package.targets.append(
    .executableTarget(
      name: "lippi-fuzz",
      dependencies: [
        "BridgeCore", "ChatEvents", "LippiAPI", "BridgeHTTP", "BridgeConfiguration",
      ],
      path: "Tests/Fuzz", exclude: ["seeds", "dictionaries", "README.md"], swiftSettings: settings))
}
