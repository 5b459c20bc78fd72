//! `authproof doctor`: can "signed in" be told from "refused" on this target, and if not, which setting is wrong?

use std::fmt::Write as _;

use super::subject::{Subject, TargetArgs};
use super::{Ending, Message, Stop, print, signals};
use crate::outcome::Diagnosis;
use crate::report::harmless;
use crate::target::Target;

/// Options of `authproof doctor`.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub target: TargetArgs,
}

pub async fn command(args: Args) -> Ending {
    let subject = Subject::load(&args.target)?;
    let interrupted = std::rc::Rc::new(std::cell::Cell::new(false));
    let seen = std::rc::Rc::clone(&interrupted);
    let signal = signals::interrupted();
    let until = async move {
        signal.await;
        seen.set(true);
    };
    let (context, diagnoses) = subject.check().until(until).diagnose().await?;
    if interrupted.get() {
        return Ok(signals::INTERRUPTED);
    }
    print(&text(&context.target, &diagnoses))
        .map_err(|error| Stop::failed(Message::new(format!("cannot write to stdout: {error}"), None)))?;
    let blocked = diagnoses.iter().any(|diagnosis| diagnosis.blocking);
    Ok(if blocked { 3 } else { 0 })
}

fn text(target: &Target, diagnoses: &[Diagnosis]) -> String {
    let mut text = String::new();
    let mut line = |line: &str| writeln!(text, "{}", harmless(line)).expect("writing to a String does not fail");
    for service in &target.services {
        let of_service = || diagnoses.iter().filter(|found| found.service.as_deref() == Some(service.name.as_str()));
        match of_service().any(|found| found.blocking) {
            true => line(&format!("NOT READY  {}  {}", service.name, service.url)),
            false => line(&format!("READY      {}  {}", service.name, service.url)),
        }
        for found in of_service() {
            line(&format!("  seen      {}", found.problem));
            line(&format!("  to do     {}", found.remedy));
        }
    }
    for found in diagnoses.iter().filter(|found| found.service.is_none()) {
        line(&format!("the target: {}", found.problem));
        line(&format!("  to do     {}", found.remedy));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Service;

    #[test]
    fn each_service_is_told_with_what_to_do() {
        let web = Service::resource_server("web", "http://127.0.0.1:1".parse().unwrap()).protected("/x");
        let target = Target::builder("t").issuer("http://127.0.0.1:2").external().service(web).build().unwrap();
        let found = Diagnosis {
            service: Some("web".into()),
            problem: "no answer".into(),
            remedy: "start it".into(),
            blocking: true,
        };

        assert_eq!(
            text(&target, &[found]),
            "NOT READY  web  http://127.0.0.1:1/\n  seen      no answer\n  to do     start it\n"
        );
        assert_eq!(text(&target, &[]), "READY      web  http://127.0.0.1:1/\n");
    }
}
