/// The one place that names the version of this program.
let bridgeVersion = "0.1.0"
