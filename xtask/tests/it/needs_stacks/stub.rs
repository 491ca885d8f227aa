//! A stub of CloudFormation with one stack in any status, including those that MiniStack does not reach. The responses
//! are the sample responses of each action in the AWS CloudFormation API Reference.
//!
//! It shows which calls a command sends and what it prints, not how AWS handles the calls: every call succeeds.

use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use tiny_http::{Response, Server, StatusCode};
use url::form_urlencoded::parse;

use super::FIRST;

const NAME: &str = "DataPlatform-first";
const SPACE: &str = "http://cloudformation.amazonaws.com/doc/2010-05-15/";

struct Stack {
    status: String,
    /// The status after the next poll, while an operation is in progress.
    next: Option<String>,
    /// The statuses in the stack's events, newest last.
    history: Vec<String>,
    template: String,
    /// The calls that change something.
    calls: Vec<String>,
}

pub(super) struct Stub {
    pub(super) endpoint: String,
    stack: Arc<Mutex<Stack>>,
}

impl Stub {
    /// Creates a stub with a stack in this status, deployed with an earlier version of the first template.
    pub(super) fn start(account: &str, status: &str) -> Self {
        let server = Server::http("127.0.0.1:0").expect("a free port");
        let endpoint = format!("http://{}", server.server_addr());
        let template = FIRST.replace("DisplayName: one", "DisplayName: yesterday");
        let (status, history) = (status.to_owned(), vec![status.to_owned()]);
        let mut stack = Stack { status, next: None, history, template, calls: Vec::new() };
        if stack.is_busy() {
            stack.next = Some(stack.status.replace("_COMPLETE_CLEANUP", "").replace("_IN_PROGRESS", "_COMPLETE"));
        }
        let (stack, account) = (Arc::new(Mutex::new(stack)), account.to_owned());
        let shared = Arc::clone(&stack);
        thread::spawn(move || {
            for mut request in server.incoming_requests() {
                let mut body = String::new();
                request.as_reader().read_to_string(&mut body).expect("a form");
                let (status, response) = respond(&mut lock(&shared), &account, &body);
                // The client may have been killed.
                let _ = request.respond(Response::from_string(response).with_status_code(StatusCode(status)));
            }
        });
        Self { endpoint, stack }
    }

    pub(super) fn calls(&self) -> Vec<String> {
        lock(&self.stack).calls.clone()
    }

    pub(super) fn status(&self) -> String {
        lock(&self.stack).status.clone()
    }
}

fn lock(stack: &Mutex<Stack>) -> MutexGuard<'_, Stack> {
    stack.lock().expect("no panic")
}

impl Stack {
    fn is_busy(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS") && self.status != "REVIEW_IN_PROGRESS"
    }

    fn is_deleted(&self) -> bool {
        self.status == "DELETE_COMPLETE"
    }

    /// Starts an operation that is finished at the second poll.
    fn start(&mut self, status: &str, last: &str) {
        status.clone_into(&mut self.status);
        self.history.push(status.to_owned());
        self.next = Some(last.to_owned());
    }

    fn poll(&mut self) {
        if let Some(status) = self.next.take() {
            self.history.push(status.clone());
            self.status = status;
        }
    }
}

fn respond(stack: &mut Stack, account: &str, body: &str) -> (u16, String) {
    let field = |name: &str| parse(body.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let action = field("Action").expect("an action");
    let id = format!("arn:aws:cloudformation:eu-west-1:{account}:stack/{NAME}/00000000-0000-0000-0000-000000000001");
    let by_id = field("StackName").is_some_and(|name| name == id);
    let done = |result: &str| {
        let result = format!("<{action}Result>{result}</{action}Result>");
        let meta = "<ResponseMetadata><RequestId>b9b4b068-3a41-11e5-94eb-example</RequestId></ResponseMetadata>";
        (200, format!("<{action}Response xmlns=\"{SPACE}\">{result}{meta}</{action}Response>"))
    };
    let missing = || {
        let message = format!("Stack with id {NAME} does not exist");
        let error = format!("<Type>Sender</Type><Code>ValidationError</Code><Message>{message}</Message>");
        (400, format!("<ErrorResponse xmlns=\"{SPACE}\"><Error>{error}</Error></ErrorResponse>"))
    };
    match action.as_str() {
        "GetCallerIdentity" => done(&format!(
            "<Arn>arn:aws:iam::{account}:root</Arn><UserId>{account}</UserId><Account>{account}</Account>"
        )),
        // A deleted stack is described only by its ARN.
        "DescribeStacks" if stack.is_deleted() && !by_id => missing(),
        "DescribeStacks" => {
            let parameter = "<ParameterKey>ProjectName</ParameterKey><ParameterValue>dpstack</ParameterValue>";
            let output =
                "<OutputKey>FirstTopic</OutputKey><OutputValue>arn:aws:sns:eu-west-1:1:dpstack-first</OutputValue>";
            let stacks = format!(
                "<Stacks><member><StackName>{NAME}</StackName><StackId>{id}</StackId><StackStatus>{}</StackStatus>\
                 <CreationTime>2026-01-01T00:00:00.000Z</CreationTime><DisableRollback>false</DisableRollback>\
                 <Parameters><member>{parameter}</member></Parameters><Outputs><member>{output}</member></Outputs>\
                 </member></Stacks>",
                stack.status,
            );
            stack.poll();
            done(&stacks)
        }
        "DescribeStackEvents" => done(&events(stack, &id)),
        "GetTemplate" | "ListChangeSets" if stack.is_deleted() => missing(),
        "GetTemplate" => done(&format!("<TemplateBody><![CDATA[{}]]></TemplateBody>", stack.template)),
        "ListChangeSets" => done("<Summaries/>"),
        "DescribeChangeSet" => done(
            "<Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus>\
             <Changes><member><Type>Resource</Type><ResourceChange><Action>Modify</Action>\
             <LogicalResourceId>Topic</LogicalResourceId><ResourceType>AWS::SNS::Topic</ResourceType>\
             <Replacement>False</Replacement></ResourceChange></member></Changes>",
        ),
        _ => {
            stack.calls.push(call(&action, body));
            match action.as_str() {
                "CreateChangeSet" => {
                    if field("ChangeSetType").is_some_and(|kind| kind == "CREATE") {
                        "REVIEW_IN_PROGRESS".clone_into(&mut stack.status);
                    }
                    return done(&format!("<Id>{id}/set</Id><StackId>{id}</StackId>"));
                }
                "ExecuteChangeSet" if stack.status == "REVIEW_IN_PROGRESS" => {
                    stack.start("CREATE_IN_PROGRESS", "CREATE_COMPLETE");
                }
                "ExecuteChangeSet" => stack.start("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"),
                "DeleteStack" => stack.start("DELETE_IN_PROGRESS", "DELETE_COMPLETE"),
                _ => stack.start("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
            }
            done("")
        }
    }
}

/// A call with the resources that it retains or skips.
fn call(action: &str, body: &str) -> String {
    let lists = ["RetainResources.member.", "ResourcesToSkip.member."];
    let excluded = parse(body.as_bytes()).filter(|(name, _)| lists.iter().any(|list| name.starts_with(list)));
    excluded.fold(action.to_owned(), |call, (_, resource)| format!("{call} -{resource}"))
}

fn events(stack: &Stack, id: &str) -> String {
    let event = |(number, status): (usize, &String)| {
        format!(
            "<member><EventId>event-{number}</EventId><StackName>{NAME}</StackName><StackId>{id}</StackId>\
             <LogicalResourceId>{NAME}</LogicalResourceId><PhysicalResourceId>{id}</PhysicalResourceId>\
             <ResourceType>AWS::CloudFormation::Stack</ResourceType><Timestamp>2026-01-01T00:00:00.000Z</Timestamp>\
             <ResourceStatus>{status}</ResourceStatus></member>"
        )
    };
    let members: String = stack.history.iter().enumerate().rev().map(event).collect();
    format!("<StackEvents>{members}</StackEvents>")
}
