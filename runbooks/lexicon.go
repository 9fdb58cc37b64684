package runbooks

import (
	"strings"
	"sync"
)

// lexicon groups words that people use for one thing. A customer writes "the
// little wheel keeps turning" where the guide says "slow": both have the idea.
// An idea counts like one more word, and less the more guides have it. A word may
// stand for several ideas; it is the company of the others that decides. It is made when
// it is first needed: a start is not kept waiting for it.
var lexicon = sync.OnceValue(func() map[string][]string { return compileLexicon(ideas) })

// ideas are the words of each idea.
const ideas = `
slow: slow slower slowly sluggish crawl lag lagging laggy delay delayed late wait waits waiting waited forever ages eternity hang hangs stall stalls spinner spin spinning wheel dots typing hourglass loading patience seconds snappy instant instantly quick quickly fast faster speed latency pending silence freeze frozen coffee pause eventually finally ttft p95 p99 timeout awkward interrupt loads still
queue: queue queued queues backlog pile piles piled line waiting pending behind stack depth waiting inflight
peak: peak busy rush noon lunch lunchtime evening crowd load traffic concurrent concurrency arrivals crowded full saturated saturation utilisation utilization capacity autoscaler hpa maxed replicas
fail: error errors fail fails failed failing failure exception oops unavailable unreachable down outage bounce bounced reject rejected apologise apology sorry dead mute nothing broken 500 502 503 504 529 red crash died crashed apologises apologising banner unanswered blank outages circuit timeouts disconnected disconnect websocket
retry: retry retries again try resend second attempt reload refresh repeat works sometimes intermittent flaky
limit: limit limits quota cap capped throttle throttled throttling allowance ceiling tier plan exceed exceeded exhausted credit credits balance bucket slowdown 429 tpm rpm ration per rejected empty refused refuses meter saturates starved share burst per-minute daily monthly 402 insufficient
money: money bill billed billing cost costs spend spent spending budget budgeted invoice dollar dollars euro euros pound pounds expensive dear cheap pay paid finance cfo controller charge charged wallet burn burned burning eur usd price priced forecast outgrew accounting ledger procurement vendor paying
more: double doubled twice triple tripled tenfold jump jumped spike spiked soar soared explode exploded climb climbed surge grew grown grows higher above more rise rose risen increase increased times fold
less: drop dropped drops fell fall fallen falls sink sank slid slide sliding halve halved less lower lowered decline declined shrink dip dipped below fewer down decrease decreased collapse collapsed
old: old older stale outdated yesterday yesterdays week weeks month months previous obsolete frozen stuck ancient archived expired former discontinued superseded past lags behind fresh freshness age updated closed paid moved sold withdrawn retired holiday friday thursday
fresh: release released version update updated upgrade upgraded rollout deploy deployed shipped ship launch launched switch switched swap swapped migrate migrated migration since tuesday monday changed change changes push pushed merge merged
back: back revert reverted rollback roll rolled undo restore restored previous earlier former downgrade return pin pinned old yesterdays prior reinstate swap bring again last reinstated rolling
wrong: wrong incorrect incorrectly false bad mistake mistaken nonsense rubbish garbage inaccurate untrue error misleading contradicts misread misstates misquoted
invent: invent invents invented inventing made fabricate fabricated fabricates hallucinate hallucinated hallucinating hallucination fiction fictional imaginary nonexistent exist exists existed never fake phantom ghost bogus quotes quoted cites claimed claims promised promises warranty congratulated reserved swears insisted asserts confidently certain conjured
cut: cut cuts truncate truncated truncation half mid midway sentence stops stopped abrupt abruptly incomplete unfinished ends ended missing tail comma length max finish empty blank zero-length short shorter
format: json parse parses parser parsing schema xml csv format formatted malformed bracket brackets brace quote structured extraction extractor column columns syntax markdown valid invalid validation decode field fields asterisk asterisks hash hashes backtick tags html placeholder template braces
garble: gibberish garbled garbage characters letters alphabet script foreign language symbols soup chinese cyrillic repeat repeats repeating repeated stutter babble
forget: forget forgets forgot forgotten remember remembers memory context conversation earlier lost loses contradict contradicts agreed history turns
refuse: refuse refuses refused refusing refusal block blocked blocks blocking decline declined declines reject rejected sorry policy filter filtered filters moderation moderated safety flagged flag censored censor harmless innocent guideline guidelines violates violation lecture overblock cannot help detective novel fiction lesson teacher
harm: toxic toxicity offensive slur slurs violent violence sexual explicit nasty swear swearing rude inappropriate kids child children harmful hate insult insulting obscene graphic gore weapon suicide abuse abusive unsafe adult
others: someone somebody else elses stranger strangers other others another neighbour neighbor customer tenant colleague different wrong belongs mine whose person competing competitor clients client mr mrs ms patient guest
private: private confidential personal name names address phone email passport salary salaries medical diagnosis patient iban ssn account details birth pii gdpr identity invoice orders records sensitive phone_number presidio dlp tax itinerary booking reservation sales
secret: secret secrets password passwords key keys token credential credentials apikey env dump
leak: leak leaked leaks leaking leakage expose exposed exposes exposure visible shows showed shown show displayed printed reveals revealed see saw seen disclosed breach
inject: ignore ignored instruction instructions hidden invisible white trick tricked smuggle smuggled inject injected injection jailbreak jailbroken persona pretend pretends roleplay override overrides obey obeyed command commands dan system prompt secretly embedded researcher bypass prankster bluff talked persuaded convinced tricking coaxed font pasted grader essay cv resume review reviews advert link
agent: agent agents tool tools action actions delete deleted deletes send sends sent forward forwarded transfer transferred booked execute executed click itself unasked autonomous permission approved refund refunded wired purchase purchased
search: search searches retrieve retrieved retriever retrieval document documents page pages article articles find finds found knowledge base index indexes indexed citation citations cite cites source sources passage passages chunk chunks embed embedding embeddings embedder vector vectors similarity cosine recall neighbour neighbours manual manuals wiki pdf handbook faq lookup collection topk hit hits reindex
feature: feature features pipeline pipelines table tables store batch nightly job jobs sync synced snapshot materialize materialized materialization warehouse etl dbt airflow feast dag partition backfill watermark upstream rows stock inventory catalog catalogue balance cache ttl cached freshness loader ingest
score: score scores scored scoring probability probabilities class classes classifier classified prediction predictions predicted label labels labelled confidence confident threshold approve approves approved approval decision decisions rank segment fraud risk churn applicants model flagged detector calibration
shift: shift shifted drift drifted drifting distribution distributions population skew skewed mean median baseline null nulls unit units histogram psi ks divergence outlier range cents spread narrower cluster clustered brand sensors sensor camera new seasonal
quality: quality worse worst worsened dull bland generic thumbs rating ratings satisfaction csat nps conversion accept acceptance accepted dumber lazier shallow boring helpful useless unhelpful relevance eval evaluation judge golden benchmark groundedness win preference complaints stars flat vague regress regression ctr clicks click engagement stopped reading ignored picked basket handpicked judges
hardware: gpu gpus card cards node nodes machine machines rack racks host hosts board boards driver cuda nccl nvlink xid ecc dcgm nvidia a100 h100 memory thermal temperature fan slot bus hardware infiniband rank ranks allreduce
deploy: deploy deploys deployment rollout start starts boot boots comes load loads loading pod pods container image checkpoint weights artifact endpoint canary pending ready readiness crashloop crashloopbackoff scheduling unschedulable probe replica replicas serving inferenceservice adapter lora amber greyed grey port opened starting stuck progress bar
train: finetune finetuned finetuning fine tune tuning tuned training train trainer trained upload uploads uploading uploaded adapter lora epoch epochs dataset custom
unknown: unknown exist exists found recognise recognised recognized known missing dropdown name names 404 listed
config: config configuration setting settings flag flags parameter parameters value values environment variable variables yaml configmap secret rotate rotated rotation certificate cert expired route routes routing endpoint url region temperature default defaults staging sandbox misconfigured helm terraform typo 401 403 unauthorized forbidden permission credentials toggle switched typed tidied renamed unsupported percent rollout launchdarkly yml json env base_url header
provider: provider providers vendor vendors upstream openai anthropic claude gemini bedrock vertex azure mistral cohere groq status supplier third party partner external hosted llm gpt model api deepgram elevenlabs replicate together fireworks beneath competitors reddit twitter downdetector competitor
tokens: token tokens usage prompt prompts context length requests request calls call loop loops looping session conversation step steps turn turns recursion runaway iterations overnight archive redoes reruns repeated
idle: idle unused empty allocated nobody weekend overnight forgotten utilisation utilization
same: same identical everyone everybody everything all every always constant flat uniform
part: only one single specific certain particular segment tenant region just few
image: image images picture pictures photo photos drawing render generated generator illustration
voice: voice call caller callers speech audio phone hotline transcript transcripts speak spoken
`

// isIdea tells an idea from a stem.
func isIdea(s string) bool { return strings.HasPrefix(s, "~") }

// compileLexicon maps each stem to its ideas.
func compileLexicon(text string) map[string][]string {
	out := map[string][]string{}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		idea, words, _ := strings.Cut(line, ":")
		for w := range set(words) {
			s := stem(w)
			out[s] = append(out[s], "~"+idea)
		}
	}
	return out
}
