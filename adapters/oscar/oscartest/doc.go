// Package oscartest is a stand-in for the electronic medical records of the OSCAR family: OSCAR 19, Open-O, CARLOS and
// Juno. It serves their REST and SOAP calls over tables in memory, for tests and for the demonstration. It is written from
// what the real ones' sources and documentation say, and from nothing of our adapter, so that each can show the other
// wrong. Everybody in its tables is made up.
//
// A Server is an http.Handler. AddProviders, AddPatients, AddAppointments, AddTicklers, AddDocuments and SeedOddities fill
// it; Issue hands out an access token without the three legs, Consent presses Allow; Switch turns faults on and off;
// Requests says what it was asked; Save and Load keep its tables for another day. What one call writes, every other call
// and the other protocol show.
//
// Sources are named as repository and file: "Open-O" is openo-beta/Open-O below src/main/java/ca/openosp/openo, "matrix"
// its docs/api-request-response-matrix.xlsx, "OSCAR19" is scoophealth/oscar below org/oscarehr/ws/rest, "CARLOS" is
// carlos-emr/carlos, "Juno" is junoemr/junoemr below src/main/java/org/oscarehr/ws/external. Facts only are taken from
// there. Unverified is what nobody has seen on a wire; where it matters there is a switch.
//
// # Bases and log-in
//
//   - REST signed with OAuth 1.0a is below CONTEXT/ws/services, the same with a browser's session below CONTEXT/ws/rs, SOAP
//     at CONTEXT/ws/<Name>Service. (Open-O: docs/archive/web_services/OAUTH.md; matrix)
//   - Three legs at ws/oauth/initiate, authorize, token; tokens come as a form body and as nothing else: 406 for who accepts JSON
//     alone (Open-O: login/OscarRequestTokenService.java, webserv/oauth/AccessTokenResource.java). The request token is good for one
//     exchange within the hour. (Open-O: webserv/oauth; matrix)
//   - HMAC-SHA1 only; parameters are read from the Authorization header only; the timestamp may be 300 s off; query and
//     form parameters are signed, a JSON body is not; the signed URL is rebuilt from the server's own scheme, host and port,
//     so behind a proxy that ends TLS the caller has to sign the inner one: Config.InternalBase. (Open-O:
//     webserv/oauth/OAuth1SignatureVerifierImplementation, OAuth1ParamParser)
//   - Refusals are one word of plain text: 400 missing_consumer_key, missing_access_token; 401 invalid_consumer,
//     invalid_request_token, invalid_verifier, invalid_signature, unknown_provider, login_required. Unverified: which of
//     them a revoked token gets (Switches.DeadToken), and that wrong times and methods are an invalid_signature.
//   - Access tokens do not expire and cannot be renewed. (Open-O: webserv/oauth/OscarOAuthDataProvider)
//   - The token acts as who consented: oauth/info, status/checkIfAuthed, lastUpdateUser, creator.
//   - A missing privilege is an exception and so status 500. (Open-O: the managers' checks.) The body is unverified; the
//     container's page instead of the text is Switches.HTMLErrors.
//   - CARLOS: scopes asked at initiate with ?scope=, write implies read, GET needs read and anything else write; 400
//     invalid_scope, 401 authentication_required, 403 insufficient_scope, restricted_endpoint; a nonce is good once;
//     anonymous bursts are limited. (CARLOS: webserv/oauth/OAuthScopes.java) Unverified: which paths are restricted and which
//     blocked (here all are restricted), and how the limit is said (here 429 rate_limited).
//
// # Conventions
//
//   - Without Accept: application/json answers are XML (switch PlainJSONDefault). The names of root elements are
//     unverified.
//   - Dates are ms since 1970; the year 1 means that there is none. (matrix)
//   - TIME columns come as "09:00:00" when read back and as ms of the whole moment when just added (Open-O:
//     webserv/rest/conversion/NewAppointmentConverter.java); the first is unverified: Switches.Times.
//   - The stored end is inclusive: start + duration - 1 min by REST, end - 1 ms by SOAP. Whether SOAP shows the 999 ms again
//     is unverified: Switches.MillisecondEnds.
//   - Columns: providerNo 6, name 50, notes 255, reason 80, location 30, resources 255, type 50, status 2, urgency 30;
//     docdesc and docfilename 255, doctype 60. (Open-O: database oscarinit.sql) Text too long is an exception, as in MySQL's
//     strict mode, or cut; which is unverified: Switches.CutOverlong.
//   - Deployments with Latin-1 tables send Latin-1: Switches.Latin1.
//
// # Schedule (Open-O: webserv/rest/ScheduleService.java)
//
//   - Day sheets are a bare array, in OSCAR19 {template, patients}; times are "09:00 AM", lengths "14m " and "1H 14m ",
//     counted to the inclusive end (the mirror of 2019 leaves length, type and notes out: Switches.NoLengths); an unknown provider gets an empty search envelope with a member drug. (matrix)
//   - fetchDays has neither end nor reason, a status of one character, and telephone numbers; whether it has rows without a patient, and the last day,
//     is unverified: Switches.HideBlocks, ExclusiveRangeEnd. fetchMonthly counts from 0 and loses the last day.
//   - appointmentHistory stops at 5,000 rows without saying so. Its order is unverified.
//   - getAppointment has the whole patient and provider in it; an unknown id is status 500.
//   - add ignores the name, does not look for conflicts, and is status 500 for an unknown patient or a bad date.
//   - updateStatus takes any two characters. updateUrgency has no verb and cannot be called.
//   - updateAppointment is status 500 but in CARLOS, where an update without id is 400 and of an unknown id 404, and only
//     editable members change (Open-O: webserv/rest/conversion/AppointmentConverter.java; CARLOS:
//     webserv/rest/ScheduleService.java). Which members are editable, and in which shapes times come, is unverified:
//     Switches.DatesOnly.
//   - deleteAppointment archives; its answer is empty.
//   - A row without a patient (demographicNo 0) is a block.
//   - Unverified: the members of types and codes, what delete, updateStatus and updateType do with an unknown id.
//
// # Ticklers (Open-O: webserv/rest/TicklerWebService.java, webserv/rest/to/model/TicklerTo1.java)
//
//   - ticklers needs count, page and status, which may be empty, else status 500; of ticklers that are due at the same time the
//     order is the database's: Switches.LooseOrder. No list gives more than 5,000 rows; who asks for more gets status 500 (Open-O:
//     commn/dao/TicklerDaoImpl.java, AbstractDaoImpl.java); include flags stay on a shared converter:
//     Switches.StickyIncludes.
//   - add says no id; without patient or assignee it is success false with status 200; update needs six members, else the
//     same (unverified). There is no tickler without a patient.
//   - complete and delete take several numbers; deleted rows stay with status D. An unknown number is status 500
//     (unverified).
//
// # Documents, charts, people (Open-O: webserv/rest/DocumentService.java, DemographicService.java; matrix)
//
//   - saveDocumentToDemographic answers with demographicNo and fileContents null; the stored name has the time in front and
//     no hyphens; 400 with a text where name, file or chart is missing. The 2019 mirror has no /document:
//     Switches.NoDocumentREST. uploadPendingDocuments fails as {status, message, fileName}.
//   - Documents are listed by REST only through getRequestAttachments and read by SOAP only; a status is the number of its
//     letter, 65 or 68.
//   - quickSearch gives ten charts at most. inbox/mine has an odd wrapper, the health number as a number and dates in two
//     shapes.
//   - Unverified: the body of demographics/search, unknown charts (here status 500), that saving into an unknown chart is
//     not noticed.
//
// # SOAP (Open-O: webserv/ScheduleWs.java, transfer_objects/AppointmentTransfer.java; matrix)
//
//   - WS-Security user name token with PasswordText: the number of the security row with the password, or the key from
//     LoginService.login2, which dies with the process: Restart.
//   - Arguments are arg0, arg1, … or have names (Switches.NamedArguments, and always in getDocumentsByDemographicIdAfter): the WSDL
//     says. Others spoil the call.
//   - Times are xs:dateTime with an offset; the end is exclusive when written. addAppointment returns the number;
//     updateAppointment writes the whole row, so what is left out becomes empty (unverified).
//   - getAppointmentsUpdatedAfterDate is the only feed of changes, after a moment and in order of change (Open-O:
//     commn/dao/OscarAppointmentDaoImpl.java); deleted rows are not in it.
//   - Unverified: the texts of faults, the members of getDayWorkSchedule.
//
// # Juno (Juno: rest/v1, rest/AbstractExternalRestWs.java, soap/v1)
//
//   - REST is below ws/services/v1 in an envelope {headers, body, error, status}; a tickler comes back with its number, a
//     document's answer is its number; callers' addresses are on a list. No appointments by REST, and below ws/services nothing
//     but v1 (Juno: src/main/resources/applicationContextREST.xml). What is not valid or not there is 400, the rate limit 503
//     with times in ms (Juno: ws/rest/exceptionMapping); here as documented, 429 and seconds.
//   - SOAP has addAppointmentValidated, confirmAppointment, cancelAppointment and getProviderAvailability.
//   - Unverified: names of search filters, where the SOAP calls live (here with the others).
package oscartest
