//! AWS Batch on Fargate, which runs the jobs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::Findings;

/// AWS Batch on Fargate, which runs the jobs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Compute environment name.
    pub compute_environment: String,
    /// Job queue name.
    pub queue: String,
    /// Maximum number of vCPUs in use at the same time; additional jobs wait. A new account has a Fargate quota of 6.
    #[schemars(range(min = 1))]
    pub max_vcpu: u32,
    /// CPU architecture of both images and both jobs. arm64 costs about a fifth less, but must be built on arm64.
    pub platform: Platform,
    /// Job definition for `transformation`, `copy` and `report`.
    pub ingestion: JobDefinition,
    /// Job definition for dbt.
    pub dbt: JobDefinition,
}

/// CPU architecture, as in a job definition's `runtimePlatform`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Platform {
    /// Intel and AMD.
    #[serde(rename = "x86_64")]
    X86,
    /// Graviton.
    #[serde(rename = "arm64")]
    Arm64,
}

impl Platform {
    pub fn docker(self) -> &'static str {
        match self {
            Self::X86 => "linux/amd64",
            Self::Arm64 => "linux/arm64",
        }
    }

    /// Returns the rustc target with glibc.
    pub fn gnu(self) -> &'static str {
        match self {
            Self::X86 => "x86_64-unknown-linux-gnu",
            Self::Arm64 => "aarch64-unknown-linux-gnu",
        }
    }
}

/// A job definition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobDefinition {
    /// Job definition name.
    pub name: String,
    /// Number of vCPUs: 0.25, 0.5, 1, 2, 4, 8 or 16.
    pub vcpu: f64,
    /// Memory in MiB; Fargate allows only certain sizes for each number of vCPUs.
    pub memory_mib: u32,
    /// Seconds after which Batch stops an attempt without retrying it; at least 60.
    #[schemars(range(min = 60))]
    pub timeout_seconds: u32,
    /// Maximum number of attempts; Batch retries only after exit code 75 or a host failure.
    #[schemars(range(min = 1, max = 10))]
    pub attempts: u32,
}

/// Fargate job sizes: vCPUs, then the minimum, maximum and step in MiB (AWS Batch API Reference, ResourceRequirement).
const SIZES: [(f64, u32, u32, u32); 7] = [
    (0.25, 512, 2048, 512),
    (0.5, 1024, 4096, 1024),
    (1.0, 2048, 8192, 1024),
    (2.0, 4096, 16_384, 1024),
    (4.0, 8192, 30_720, 1024),
    (8.0, 16_384, 61_440, 4096),
    (16.0, 32_768, 122_880, 8192),
];

impl Batch {
    pub(super) fn check(&self, found: &mut Findings<'_>) {
        for key in ["compute_environment", "queue", "ingestion.name", "dbt.name"] {
            // AWS Batch API Reference, CreateComputeEnvironment, CreateJobQueue, RegisterJobDefinition.
            let fix = "use up to 128 letters, digits, - and _, starting with a letter or digit";
            found.pattern(&format!("batch.{key}"), r"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$", fix);
        }
        let fix = "is also the name of the other job definition; use a different name";
        found.must(self.ingestion.name != self.dbt.name, "batch.dbt.name", fix);
        found.range("batch.max_vcpu", 1.., "must be 1 or more");
        self.ingestion.check("batch.ingestion", self.max_vcpu, found);
        self.dbt.check("batch.dbt", self.max_vcpu, found);
    }
}

impl JobDefinition {
    pub(super) fn check(&self, path: &str, max_vcpu: u32, found: &mut Findings<'_>) {
        let vcpu = format!("{path}.vcpu");
        // All sizes are exact in binary.
        match SIZES.into_iter().find(|(vcpu, ..)| vcpu.to_bits() == self.vcpu.to_bits()) {
            None => found.add(&vcpu, "Fargate supports 0.25, 0.5, 1, 2, 4, 8 and 16"),
            Some((vcpu, from, to, step)) => {
                // 0.25 vCPU supports 512, 1,024 and 2,048 MiB, but not 1,536.
                let has = (from..=to).contains(&self.memory_mib)
                    && self.memory_mib.is_multiple_of(step)
                    && (to, self.memory_mib) != (2048, 1536);
                let steps = match to {
                    2048 => "512, 1024 or 2048".to_owned(),
                    _ => format!("{from} to {to} in steps of {step}"),
                };
                let fix = format!("with {vcpu} vCPU, Fargate supports {steps} MiB");
                found.must(has, &format!("{path}.memory_mib"), fix);
            }
        }
        if self.vcpu > f64::from(max_vcpu) {
            let fix =
                format!("is more than batch.max_vcpu ({max_vcpu}), so the job would never start; change one of them");
            found.add(&vcpu, fix);
        }
        // AWS Batch API Reference, JobTimeout and RetryStrategy.
        found.range(&format!("{path}.timeout_seconds"), 60.., "must be 60 or more, the Batch minimum");
        found.range(&format!("{path}.attempts"), 1..=10, "must be 1 (no retry) to 10");
    }
}
