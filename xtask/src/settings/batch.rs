//! Where the jobs run: AWS Batch on Fargate.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{Findings, batch_name, quoted};

/// Where the jobs run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// The compute environment, on Fargate.
    pub compute_environment: String,
    /// Its queue.
    pub queue: String,
    /// The most vCPU that run at once; more wait. A new account may use 6 on Fargate until it asks for more.
    #[schemars(range(min = 1))]
    pub max_vcpu: u32,
    /// The processors of both images and both jobs. arm64 is about a fifth cheaper, and has to be built on arm64.
    pub platform: Platform,
    /// `transformation` and `copy`.
    pub ingestion: Job,
    /// dbt.
    pub dbt: Job,
}

/// A kind of processor, as Fargate names it in a job definition's `runtimePlatform`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// Intel and AMD.
    #[serde(rename = "x86_64")]
    X86,
    /// Graviton.
    #[serde(rename = "arm64")]
    Arm64,
}

impl Platform {
    /// As Docker names it.
    pub fn docker(self) -> &'static str {
        match self {
            Self::X86 => "linux/amd64",
            Self::Arm64 => "linux/arm64",
        }
    }

    /// As rustc names it, with glibc.
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
pub struct Job {
    /// The job definition's name.
    pub name: String,
    /// 0.25, 0.5, 1, 2, 4, 8 or 16.
    pub vcpu: f64,
    /// MiB; which ones go with a vCPU is Fargate's table.
    pub memory_mib: u32,
    /// Seconds until a run is killed; it is not tried again then. 60 at least.
    #[schemars(range(min = 60))]
    pub timeout_seconds: u32,
    /// How often Batch starts it in all; it starts again only after exit code 75 or the loss of its host.
    #[schemars(range(min = 1, max = 10))]
    pub attempts: u32,
}

impl Batch {
    pub(super) fn check(&self, found: &mut Findings) {
        let names = [
            ("compute_environment", &self.compute_environment),
            ("queue", &self.queue),
            ("ingestion.name", &self.ingestion.name),
            ("dbt.name", &self.dbt.name),
        ];
        for (key, name) in names {
            let fix = "write up to 128 letters, digits, - and _, a letter or a digit first";
            found.must(batch_name(name), &format!("batch.{key}"), quoted(name), fix);
        }
        let fix = "is the other job definition's name too; give each its own";
        found.must(self.ingestion.name != self.dbt.name, "batch.dbt.name", quoted(&self.dbt.name), fix);
        found.must(self.max_vcpu > 0, "batch.max_vcpu", self.max_vcpu, "write 1 or more");
        for (key, job) in [("ingestion", &self.ingestion), ("dbt", &self.dbt)] {
            job.check(&format!("batch.{key}"), self.max_vcpu, found);
        }
    }
}

impl Job {
    fn check(&self, path: &str, max_vcpu: u32, found: &mut Findings) {
        match memory(self.vcpu) {
            None => {
                found.add(&format!("{path}.vcpu"), self.vcpu, "Fargate has 0.25, 0.5, 1, 2, 4, 8 and 16");
            }
            Some(legal) if !legal.contains(&self.memory_mib) => {
                let fix = format!("with {} vCPU Fargate has {}", self.vcpu, shown(&legal));
                found.add(&format!("{path}.memory_mib"), self.memory_mib, fix);
            }
            Some(_) => {}
        }
        if self.vcpu > f64::from(max_vcpu) {
            let fix = format!(
                "is more than batch.max_vcpu ({max_vcpu}): the job would wait for ever; lower it or raise that"
            );
            found.add(&format!("{path}.vcpu"), self.vcpu, fix);
        }
        // AWS Batch API Reference, JobTimeout: the minimum is 60 seconds.
        let fix = "Batch takes 60 or more";
        found.must(self.timeout_seconds >= 60, &format!("{path}.timeout_seconds"), self.timeout_seconds, fix);
        // AWS Batch API Reference, RetryStrategy: 1 to 10 attempts.
        let fix = "Batch takes 1 to 10; 1 never tries again";
        found.must((1..=10).contains(&self.attempts), &format!("{path}.attempts"), self.attempts, fix);
    }
}

/// The MiB that go with a vCPU (AWS Batch API Reference, ResourceRequirement, for Fargate).
fn memory(vcpu: f64) -> Option<Vec<u32>> {
    let by = |from: u32, to: u32, step: u32| (from..=to).step_by(step as usize).collect();
    // Quarters are exact in binary, so that a comparison is as well.
    let legal = match (vcpu * 4.0).to_bits() {
        bits if bits == 1_f64.to_bits() => vec![512, 1024, 2048],
        bits if bits == 2_f64.to_bits() => by(1024, 4096, 1024),
        bits if bits == 4_f64.to_bits() => by(2048, 8192, 1024),
        bits if bits == 8_f64.to_bits() => by(4096, 16_384, 1024),
        bits if bits == 16_f64.to_bits() => by(8192, 30_720, 1024),
        bits if bits == 32_f64.to_bits() => by(16_384, 61_440, 4096),
        bits if bits == 64_f64.to_bits() => by(32_768, 122_880, 8192),
        _ => return None,
    };
    Some(legal)
}

fn shown(legal: &[u32]) -> String {
    match legal {
        [first, second, .., last] if legal.len() > 3 => format!("{first} to {last} MiB by {}", second - first),
        _ => format!("{} MiB", legal.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_goes_with_vcpu_as_fargate_has_it() {
        for (vcpu, first, last, count) in [
            (0.25, 512, 2048, 3),
            (0.5, 1024, 4096, 4),
            (1.0, 2048, 8192, 7),
            (2.0, 4096, 16_384, 13),
            (4.0, 8192, 30_720, 23),
            (8.0, 16_384, 61_440, 12),
            (16.0, 32_768, 122_880, 12),
        ] {
            let legal = memory(vcpu).expect("a vCPU of Fargate");
            assert_eq!((legal[0], *legal.last().expect("some"), legal.len()), (first, last, count), "{vcpu}");
        }
        assert!([0.0, -1.0, 0.3, 3.0, 32.0, f64::NAN, f64::INFINITY].iter().all(|vcpu| memory(*vcpu).is_none()));
        assert_eq!(shown(&[512, 1024, 2048]), "512, 1024, 2048 MiB");
        assert_eq!(shown(&[1024, 2048, 3072, 4096]), "1024 to 4096 MiB by 1024");
    }
}
