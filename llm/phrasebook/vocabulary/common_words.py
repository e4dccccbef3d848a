"""Common English words that are no mistake for a word of the field: "bills" is not "rises", "mark" is not "market".

Only words that lie near a word of the vocabulary matter here; the rest make the list a little safer.
"""

from __future__ import annotations

COMMON_WORDS = frozenset(
    """
    abandons abnormal aboard abode abort absent absorption accent accept access accompanies account accounts
    accumulated accumulates achieve across act acting action activate actively actor acts add adding additions
    additive adds adjust adoption adore advance advanced advice afraid after afternoon afterwards against age
    aged agree ahead aid air alerts alike allow allows almost alone along already alt alter although alts
    always am amazing among amount amounts ancient angle angles angry announce another answer answers anybody
    anyhow anymore anyone anyway anywhere apart ape aped app appeal appear appended apply apps archive area
    aren aren't arise around arrive arrow arrows art article ask asked asking asks asleep aspect assent assert
    asserts assigned assume attach attack attacks attempt attention attraction auction aunt aunts author
    avenue average averages averse awake aware away awful baby back bad bade bag bagholder bagholders bags
    baker balances bank bar barber bare barely bart barts base based bases basic basically basket beach beam
    bear beast beat became because become becomes bed beds beer began begin begins behave behind being belief
    believe believes bell bellows bells belong belongs beloved below bend bent beside besides best bet bets
    better beyond bid bill billion bills bind bird bit bite bits blame blank bleed bless blind block blocks
    blond blood blow blower blown blows blue board boat body bold bolder bone book books boom boot border
    borders bored boring born borrow boss bother bothers bottom bought bound bounded box boy boys braid brain
    branches brand brave bread breakfast breath bride brief bright bring brings brisk broad broken broker
    brood brother brothers brought brown browser brush buck bucks bugs build builds bulk bull burn burned
    burnt bus business buster busy button buzz cake calculate calculates call called caller callers calls calm
    came camp cancels candid canned cap capitulate capitulation capped car card cards care cared career
    careful carpet cars case cases cash casket cast cat catches catching cats caught cause causes caution
    cautious celebrate cell center centre certain certainly chain chains chair chance chances change changes
    chapters charge charged charity chase chased chat cheap check checks chess child choice choose chooses
    chose chosen chunk chunks cite city claim clashes class clauses clean clear clearer clearly clever click
    climate clock clone closely closer closet closing clover club clue clues clutter coat code codes coffee
    coiling cold collapse collect collection collections collects colony color colour column combination
    combinations combine come comes coming comment comments common community company compare compelled
    complete completer compose compressing compute computer computes concern conforms confuse connect
    connected connection consider constant constrained constructed constructing construction contact container
    content continue contract contrived control convenience convention conversation converts cook cool cope
    copied copies copy copying core corner correct correctly corrupt corrupted corruption cost costs could
    couldn't count counters country counts couple course court cousin cover covered cow crawling crazy create
    created credit crew crime crop crowd crown cry crypt cup cure curly currency current curves custom cut
    cycles dad daily damn dance danger dark dart data date dates dawn day dead deadline deal dealing deals
    dealt dear death debt decent decide decided decides deck declaim declare declared declaring deep deeply
    defined degen degree delay deliver demand demo deny depend depth desk desktop detail details detection
    diamond dice did die died dies diet differ differences different dig digging dim dingle dinner dip direct
    direction directives dirt dirty discord discover discuss disk displacement distance distant distinct
    distraction dither diverged divide dizzy doctor dog dogs dollar done door dot double doubt down downs
    dozen drag draw drawing drawn dread dream dreams dress drew drink drive driven driver drivers drives
    driving drove drover drug dual dull dumb dump during dust duty dying eager early earn earned earth ease
    easier easily east easy eat eating eats edge edit effect efficiently effort egg eight either elected
    election else email emails emit emotion emotions employed empty encoding end ended ending ends enemy
    energy enjoy enough ensure enters entire entirety entities equal equally error escape essay etc even
    evening evenly event events ever everybody everyone everything everywhere evil exact exactly excessively
    exchange excite excited exclusion excuse exercise exhaustion exist exists exit expect expected expensive
    expert expiring explain explains explore exposed exposing express extra eye eyes face faces fact facto
    factor facts fade fail failed fails failures fair fairly faith fake fall false fame family famous fan
    fancy far farm farmer fashion fast faster fat fate father fault favor favorite favourite fear feared fears
    feather feature fed fee feed feel feeling feels fees feet fellow felt few fewer fiction field fifth fifty
    fight figure file fill filled film final finally finance find finds fine finger finish fire fired fires
    firm first fish fit fits fix fixed fixes flag flags flash flat flew flies flight float floor flow flower
    flowers flows fly focus fold folders folk folks follow follower follows fomo food fool foot force forced
    forces foreign forest forever forge forget forgot form formal former forth fortune forum forward found
    four fox fraction frame frames free freedom fresh friction friday friend friends front frost fruit fud
    full fully fun fund funds funny furnished further future gain gallop gamble game games gang garage garden
    gas gate gather gave gear gene general gentle gets ghost giant gift girl given gives giving glad glass
    glory goal goals god goes gold golden gone good goof gorge gotten grab grade gradually grained grand
    grandma grandpa grant grass grave gray great greater greatest greatly greed greedy greek greeting grew
    grey grind grip ground group groups grown growth guess guide guitar gun gut guy guys habit habits hair
    half hall hallo halt hand handed handle handler hands handy hang happen happened happens happy hard harden
    harder hardly harm hash hat hate hates haven haven't head headers headings heads health heaps hear heard
    hears heart heat heaven heavily heavy height hell hello help helped helps hence here hero hers herself hey
    hi hide hill hills him himself hint his history hobby hodl hold hole holiday hollow home honest honestly
    honey honoring hook hope hopes horse hospital host hot hotel house houses hover how however huge hugh
    human humble hundred hunt hurry hurt husband ice ideal ideas ignore ill image images imagine impact import
    important impossible improve impulse impulsive include including income indeed index infection infer info
    inform information inherited injection inner input insane insist instance instead institution institutions
    instrument insult integral intend interact interest internal internet intersect intro invest invite iron
    island issue issues item items itself jade jazz jingle job jobs join joined joint joke jokes journal
    journey joy judge juice jump jumpy june junk jury keen keep keeps kept key keyboard keys kick kid kids
    kill killed kind kinda kinds king kiss kitchen knew knife knock know knowing known knows lack lady laid
    lake lambo land landlord lane language laptop large largely larger last lasts late lately latent later
    latest latex latter laugh laughs launch law lawyer lay layer lazy lead leader leaf league leak lean learn
    learned learning learnt lease least leather leave leaves leaving lecture led left leg legal legs lens
    lesson lessons letter letters liar library lie lies life lift light lights likely likes limit limiter
    limits lined lines link links lion lip list listen lists lite literally live lived lives living load
    loaders loan local locale lock loggers logic lonely long longer looked loop loopback loose loosen lord
    loser losers loss lost lot lotion lots loud love loved lover loves lower luck lucky lunch lung lying
    machine mad made magic mails main mainly maker makers making male man manage manager many map mapped march
    margin mark marked marker markers market marks marry mask mass massage massive master match matcher
    matches mate math maths matter matters maybe me meal mean meaning means meant measure measured measures
    meat media medium meet mellow mend mental mention menu menus mere merge mess message messed messy method
    middle mind minded mine mingle mini minor minus miracle mirror miss missed misses missing mission mistake
    mistakes mix mixed mode model models modern modifier modifies module mold moment monday mondays money
    monitor monitors month months mood moon mooning moonshot more morning mornings most mostly mother motion
    motor mount mouse mouth movie mower much mud music must myself nail naked name named names narrative
    narrow native nature neat neck needed needing neighbor neighbour neither nephew nerve nerves nervous nest
    net network neutral newest news next nicely nicer niece night nights nobody noise noisy none nor normies
    north nose note notebook notebooks noted notes nothing notice noticed notion nova novel nowadays nowhere
    nuke numbers nuts object obtained obtains obvious obviously occur occurs odd odds offer office often oil
    okay older oldest ones ongoing online open opened opinion option options orange ordinary organ origin
    other others otherwise ought ours ourselves outer outline outlined outmode outputs outside oven overage
    overall overnight owe owned owner owns pace pack padding page pages paid pain paint painter paired palace
    panic paper papers parabolic parameter parent parents park parsers part parts party pass passion paste
    patch patches path patience patient patterns pause pay paying pays peace peak peer pen pencil pension
    people perfect perfectly perform performances performer performs perhaps period periodic permits persist
    person personal pet phase phone photo phrase piano pick picked picker picks picky picture piece pieces pig
    pile pillow pilot pin pinching ping pings pink pinning pipe pitch pitches pizza place placed places plain
    plan plane planet planned plans plate play played player playing please pleasure plenty plot plover plower
    plumber plus pocket poem poet point pointers points poker police polite pool poor popular port portion
    pose posed positives possible post posts potion pound pour power powerful practice practise pray precedes
    prefer prepare prepended present press pressed presume pretend pretty prevent previews priced pride prime
    prince prison private prize proactive probably probing problem problems proceeding process produce
    profiles profit profits program project promise promised promotion prompts proof proper properly protect
    proud prove prover provide provider prune public pull pump punch purge purple purpose purse push puts
    putting quality queen question questions quick quickly quiet quietly quit quite quota quote race racy
    radio rage rail rain raise raised raises raising ran random rank ranks rare rarely rate rated rates rather
    ratio raw reach react read reader reads ready real realistic reality realize really realm realtime reap
    reason reasons receipt receive receiver recent recently reception recipe record rector red reddit redo
    reduce refer referral reflected reflecting reflection regard regressions regret regular rekt relate
    related relation relax relief rely remain remains remark remember remind remote remove renaming rent
    repair repeat repeatedly replace replacement replies reply report reports request requested requests
    require requote rescue research reserve reserves reset resetting resolve resolved resolver respect rest
    result results retail retain retaining retention retire retreat return reveal revenge review revised
    reward rewards rich rid ride ridge rights ring ripe risk risks risky river road robot rock role roll room
    rooms root rope rose rotation rotor rough roughly round route rover row rower royal rub rude rug rugged
    ruin ruler runner rush rust sad safe safely safer said sake sale sales salt sample samples sand sang sat
    saturday saturdays save saved saves savings saw say saying says scale scales scalping scanning scared
    scene school science scold score scores scratch screens screenshot screenshots sea season seat second
    seconds secret section sector secure seed seek seem seemed seems seen sees select selection self sell
    seller sellers send sends senior sense sent sentence separate series serious seriously serve served serves
    set sets setting settle seven several severe shade shadow shake shall shallow shame shape shaped share
    shared shares sharp sharply she sheet shelf shell shift shim shine ship shipped shirt shoe shoes shoot
    shop shopping shore short shortcut shortened shot should shoulder shouldn't shout showed shower showing
    shown shows shut shutting shy sick sides sigh sight sign signs silence silent silly silver similar simple
    simply since sing singer single sink sir sister sisters sit site size sized skill skills skin skip sky
    slashes sleep sleeps slept slice slight slightly slim slot slow slowed slower slowly small smaller smart
    smell smile smoke smoking smooth snake snap snoop snow social sock soft solar sold soldier solid solve
    some somebody someday somehow someone something sometime sometimes somewhat somewhere son song songs soon
    sorry sort sorts sought soul sound sounds soup source south space spare speak special specific speed spell
    spend spending spent spike spin spirit split splitting spoke spoken sport spot spots spread spreadsheet
    spring square squashed stage stake stakes stall stand standard stands star stare stared stars start
    started starting starts stash state stated static station stats status stay stayed staying stays steadily
    steady steal steel stem step stepped steps stick sticks sticky still stock stocks stolen stone stood stoop
    stopped storage store storm storms story straight strange stranger stray stream street strength strengthen
    stress stretch strict strides strike string strip stroke strong strongly struck structure stuck student
    study stuff stupid style subject succeed success successful such suck sudden suddenly suffer sugar suggest
    suit suitable summer summing sun sunday sundays super supply support suppose sure surely surface surprise
    surprised suspect swallow swap swaps swear swears sweet swell swim swing swings switch swoop sword system
    table tagger tagging tail tainted taker tales talk talked talking talks tall tangent tank tape target task
    tasks taste tax tea teach teacher teal team tear tech teeth telegram telling tells temper ten tend tennis
    tense tension term terms terrible test tested testing tests text thank thanks thanksgiving theirs theme
    then theory thigh thing things think thinking thinks thirty thorough thoroughly those though thought
    thoughts thousand thread three throat throughput throw thrown thursday thus tick ticket tidy tie tied ties
    tight tighter till tilt timed timers times timing tingle tiny tip tips tire tired title today toe together
    told tomorrow tone tongue tonight took tool tools tooth top topo tops torn tort toss total touch tough
    tour toward towards tower town traces track tracks traction trader traders trailer trailers train training
    traits trap trash travel tread treat treated tree trees trend trick tricky tried tries trigger trimmed
    trio trip triplet tripping troop trouble truck true truly trust truth try trying tube tuesday tune turtle
    tweak twisted twitter two type typical ugly ultimate uncle under understand union unique unit universe
    unless unlike until upon upper upset upside urge used useful useless user uses usual usually vacation
    vague valid valium valley valuable variables variance varied various vary vast vector verb vers version
    versus via victim victor video view village virgin virus visit visual vital voice void vote wade wage wait
    waited waiting waits waive wake wakes walk walks wall wallet walters wander wanted wanting wants war warm
    warn warned warning wash wasn't waste wasted watch watched watches watching water wave waves way ways weak
    weaker weaknesses wealth weapon wear weather web website wednesday week weekend weekends weekly weight
    weird welcome well went were west wet whale whales what whatever wheel whenever whereas wherever whether
    which while whip whips whisper white whoever whole wide wider widgets widths wife wild willing willow win
    wind window wine wing winner winning wins winter wire wired wise wish wishes witch witness woke woman
    women won won't wonder wood word words wore work worked worker working works world worried worry worse
    worst worth worthy wouldn't wow write writer writes writing written wrong wrote yard yeah year yearly
    years yellow yes yet yield young younger your yours yourself youth youtube zeros zone
    """.split()
)
